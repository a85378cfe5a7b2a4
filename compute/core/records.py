"Action records of servers, and migrations."

from typing import Any

from common.context import Context
from compute.core import Deps, servers
from compute.errors import ActionNotFound, MarkerNotFound
from compute.store import servers as server_store
from compute.store import work as store
from compute.store.models import Action, ActionEvent


def actions(
    deps: Deps,
    ctx: Context,
    server_id: str,
    *,
    deleted: bool = True,
    marker: str | None = None,
    **filters: Any,
) -> list[Action]:
    "Actions of a server, with `deleted` also of one that is gone. Raises MarkerNotFound."
    with deps.db.read() as session:
        servers.visible(
            ctx,
            server_store.get(session, server_id, deleted=deleted),
            server_id,
            "os-instance-actions:list",
        )
        after = store.action_by_request(session, server_id, marker) if marker else None
        if marker and after is None:
            raise MarkerNotFound(marker=marker)
        return store.actions_of(session, server_id, marker=after, **filters)


def action(
    deps: Deps, ctx: Context, server_id: str, request_id: str, *, deleted: bool = True
) -> tuple[Action, list[ActionEvent]]:
    "One action and its events. Raises ActionNotFound."
    with deps.db.read() as session:
        servers.visible(
            ctx,
            server_store.get(session, server_id, deleted=deleted),
            server_id,
            "os-instance-actions:show",
        )
        row = store.action_by_request(session, server_id, request_id)
        if row is None:
            raise ActionNotFound(request_id=request_id)
        return row, store.events_of(session, row.id)
