"Migrations as records, and what can be done to one that runs."

from typing import Any

from common.context import Context
from common.errors import BadRequest
from compute.contracts.agent import Agent
from compute.core import Deps, servers
from compute.errors import MarkerNotFound, MigrationNotFound, NotSupportedHere
from compute.store import allocations
from compute.store import servers as server_store
from compute.store import work as store
from compute.store.models import Migration

RUNNING = ("queued", "preparing", "running", "post-migrating")


def find(deps: Deps, marker: str | None, **filters: Any) -> list[Migration]:
    "Migrations by filters. Raises MarkerNotFound."
    with deps.db.read() as session:
        after = store.migration_by_uuid(session, marker) if marker else None
        if marker and after is None:
            raise MarkerNotFound(marker=marker)
        return store.migrations(session, marker=after, **filters)


def of_server(deps: Deps, ctx: Context, server_id: str) -> list[Migration]:
    "Live migrations of a server that are not over."
    servers.get(deps, ctx, server_id, "servers:migrations:index")
    with deps.db.read() as session:
        return store.migrations(
            session, server_id=server_id, kind="live-migration", statuses=RUNNING
        )


def one(deps: Deps, ctx: Context, server_id: str, ident: str, rule: str) -> Migration:
    "One of them. Raises MigrationNotFound."
    with deps.db.read() as session:
        servers.visible(
            ctx, server_store.get(session, server_id), server_id, f"servers:migrations:{rule}"
        )
        for row in store.migrations(
            session, server_id=server_id, kind="live-migration", statuses=RUNNING
        ):
            if str(row.id) == ident:
                return row
    raise MigrationNotFound(migration_id=ident, server_id=server_id)


def abort(deps: Deps, ctx: Context, server_id: str, ident: str, *, queued: bool) -> None:
    "Give a live migration up; before 2.65 only one that runs."
    row = one(deps, ctx, server_id, ident, "delete")
    if row.status != "running" and not (queued and row.status in ("queued", "preparing")):
        raise BadRequest(
            f"Migration {ident} of server {server_id} is {row.status}, it cannot be aborted."
        )
    if row.status != "running":
        _give_up(deps, row)
    else:
        _tell(deps, ctx, server_id, row, "abort")


def _give_up(deps: Deps, row: Migration) -> None:
    "One that has not begun: the claims go back, the server stays."
    with deps.db.write() as session:
        server = server_store.get(session, row.server_id, lock=True)
        jobs = store.cancel_open(session, row.server_id)
        if server is None or not jobs:
            return
        if allocations.held_by(session, row.uuid):
            allocations.release(session, server.id)
            allocations.move_consumer(
                session,
                row.uuid,
                server.id,
                project_id=server.project_id,
                user_id=server.user_id,
                consumer_type="INSTANCE",
            )
        server.task_state = None
        found: Migration | None = session.get(Migration, row.id)
        if found is not None:
            found.status = "cancelled"
    if row.dest_host:
        deps.bus.client(Agent, host=row.dest_host).destroy(f"{jobs[0].id}-undo", row.server_id)


def force_complete(deps: Deps, ctx: Context, server_id: str, ident: str) -> None:
    "Pause the guest, so that the rest is copied quickly."
    row = one(deps, ctx, server_id, ident, "force_complete")
    if row.status != "running":
        raise BadRequest(
            f"Migration {ident} of server {server_id} is {row.status}, it must be running."
        )
    _tell(deps, ctx, server_id, row, "force_complete")


def _tell(deps: Deps, ctx: Context, server_id: str, row: Migration, action: str) -> None:
    if "steer_migration" not in Agent.methods:
        raise NotSupportedHere(
            reason="The nodes of this cloud cannot steer a live migration that runs."
        )
    deps.bus.client(Agent, ctx, host=row.source_host).steer_migration(server_id, action)
