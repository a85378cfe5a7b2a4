"Servers: find, show, update, delete, metadata, tags."

import re
from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from common.db import after_commit, utcnow
from common.errors import Error
from compute.core import Deps, quotas, state, work
from compute.errors import (
    CannotPin,
    InvalidParameter,
    MarkerNotFound,
    MetadataNotFound,
    ServerNotFound,
    TagNotFound,
    TooManyItems,
    WrongState,
)
from compute.store import hosts as host_store
from compute.store import servers as store
from compute.store import work as work_store
from compute.store.models import BlockDevice, Server
from compute.store.servers import Condition, ServerQuery

__all__ = ["BlockDevice", "Condition", "Server", "ServerQuery"]

MAX_TAGS = 50


def get(deps: Deps, ctx: Context, server_id: str, rule: str | None = None) -> Server:
    """A server that the caller may see; `rule` is enforced with the server's project and owner.
    What is another project's does not exist. Raises ServerNotFound."""
    with deps.db.read() as session:
        server = store.get(session, server_id)
    return visible(ctx, server, server_id, rule)


def visible(ctx: Context, server: Server | None, server_id: str, rule: str | None = None) -> Server:
    "The same for one that is loaded already."
    if server is None or (
        server.project_id != ctx.project_id and not ctx.is_admin and "service" not in ctx.roles
    ):
        raise ServerNotFound(server_id=server_id)
    if rule:
        ctx.enforce(
            f"os_compute_api:{rule}" if not rule.startswith("compute:") else rule, target(server)
        )
    return server


def target(server: Server) -> dict[str, Any]:
    "What policy rules look at."
    return {"project_id": server.project_id, "user_id": server.user_id}


def lock(session: Any, ctx: Context, server_id: str, rule: str) -> Server:
    "The server for changing it, in the caller's transaction."
    return visible(ctx, store.get(session, server_id, lock=True), server_id, rule)


def find(deps: Deps, query: ServerQuery, marker: str | None) -> list[Server]:
    "Servers that meet a query. Raises MarkerNotFound."
    with deps.db.read() as session:
        if marker is not None:
            query.marker = store.get(session, marker, deleted=True)
            if query.marker is None:
                raise MarkerNotFound(marker=marker)
        return store.find(session, query)


def devices(deps: Deps, server_ids: Sequence[str]) -> dict[str, list[BlockDevice]]:
    "Block devices of servers."
    with deps.db.read() as session:
        return store.devices_of(session, server_ids)


def tags_of(deps: Deps, server_ids: Sequence[str]) -> dict[str, list[str]]:
    "Tags of servers."
    with deps.db.read() as session:
        return store.tags_of(session, server_ids)


def host_status(deps: Deps) -> dict[str, str]:
    "host -> UP, DOWN, MAINTENANCE or UNKNOWN."
    from compute.core.hosts import is_up

    out = {}
    with deps.db.read() as session:
        for one in host_store.services(session, binary=host_store.COMPUTE):
            up = is_up(deps, one)
            out[one.host] = (
                "MAINTENANCE"
                if one.disabled
                else "UP"
                if up
                else ("DOWN" if one.forced_down else "UNKNOWN")
            )
    return out


def update(deps: Deps, ctx: Context, server_id: str, changes: Mapping[str, Any]) -> Server:
    """Change names, description, access addresses and the zone that it stays in. Raises
    CannotPin."""
    columns = {
        "name": "name",
        "description": "description",
        "accessIPv4": "access_ipv4",
        "accessIPv6": "access_ipv6",
        "OS-DCF:diskConfig": "disk_config",
        "hostname": "hostname",
    }
    with deps.db.write() as session:
        server = lock(session, ctx, server_id, "servers:update")
        for key, value in changes.items():
            if key == "pinned_availability_zone":
                _pin(server, value)
                continue
            if key in ("accessIPv4", "accessIPv6"):
                value = value or None
            setattr(server, columns[key], value.strip() if key == "name" else value)
        server.updated_at = utcnow()
    return server


def _pin(server: Server, zone: str | None) -> None:
    # From none to where it is, or to none: never straight from one zone to another.
    if zone == server.pinned_zone:
        return
    if zone is not None and server.pinned_zone is not None:
        raise CannotPin(
            server_id=server.id,
            reason=f"it is pinned to {server.pinned_zone}; unpin it first, with null",
        )
    if zone is not None and zone != server.availability_zone:
        raise CannotPin(
            server_id=server.id, reason=f"it is in {server.availability_zone}, not in {zone}"
        )
    server.pinned_zone = zone


def delete(deps: Deps, ctx: Context, server_id: str, *, force: bool = False) -> None:
    """Delete a server in whatever state it is; what was being done to it is given up. With
    `reclaim_after_s` it can be restored for so long, unless `force`."""
    with deps.db.write() as session:
        rule = "os-deferred-delete:force" if force else "servers:delete"
        server = lock(session, ctx, server_id, rule)
        state.check_lock(server, ctx.is_admin)
        if server.task_state == "deleting" and work_store.open_jobs(session, server_id=server.id):
            return  # it is being deleted already
        given_up = work_store.cancel_open(session, server.id)
        cut_short = bool(given_up) or server.launched_at is None
        unfinished = [j.args["image"] for j in given_up if j.kind in ("snapshot", "backup")]
        soft = (
            deps.config.compute.reclaim_after_s > 0 and not force and server.launched_at is not None
        )
        if soft and server.vm_state != "soft-delete":
            server.task_state, server.old_vm_state = "soft-deleting", server.vm_state
            job = work.begin(
                session,
                ctx,
                server,
                "soft_delete",
                action="delete",
                args={"unfinished": unfinished},
            )
        else:
            server.task_state, server.progress = "deleting", 0
            moves = work_store.migrations(session, server_id=server.id)
            hosts = sorted({h for m in moves for h in (m.source_host, m.dest_host) if h})
            job = work.begin(
                session,
                ctx,
                server,
                "delete",
                action="forceDelete" if force else "delete",
                args={"cut_short": cut_short, "hosts": hosts, "unfinished": unfinished},
            )
        after_commit(session, lambda: work.wake(deps, [job], ctx))


def set_metadata(
    deps: Deps,
    ctx: Context,
    server_id: str,
    changes: Mapping[str, str],
    *,
    rule: str,
    replace: bool,
) -> dict[str, str]:
    "Add to metadata, or replace all of it."
    with deps.db.write() as session:
        server = lock(session, ctx, server_id, rule)
        _changeable(server, ctx, "update_metadata")
        meta = dict(changes) if replace else {**(server.meta or {}), **changes}
        limit = quotas.effective(deps, session, server.project_id)["metadata_items"]
        if limit != -1 and len(meta) > limit:
            raise TooManyItems(what="metadata items", given=len(meta), limit=limit)
        server.meta, server.updated_at = meta, utcnow()
    return meta


def drop_metadata(deps: Deps, ctx: Context, server_id: str, key: str) -> None:
    "Remove one item. Raises MetadataNotFound."
    with deps.db.write() as session:
        server = lock(session, ctx, server_id, "server-metadata:delete")
        if key not in (server.meta or {}):
            raise MetadataNotFound(key=key)
        _changeable(server, ctx, "update_metadata")
        server.meta = {k: v for k, v in server.meta.items() if k != key}
        server.updated_at = utcnow()


def _changeable(server: Server, ctx: Context, action: str) -> None:
    state.check_lock(server, ctx.is_admin)
    if server.vm_state not in ("active", "paused", "suspended", "stopped"):
        raise WrongState(
            action=action.replace("_", " "),
            server_id=server.id,
            attribute="vm_state",
            state=server.vm_state,
        )


def set_tags(deps: Deps, ctx: Context, server_id: str, tags: Sequence[str]) -> list[str]:
    "Replace the tags."
    with deps.db.write() as session:
        server = lock(session, ctx, server_id, "os-server-tags:update_all")
        _changeable(server, ctx, "update tags")
        store.set_tags(session, server.id, tags)
    return sorted(set(tags))


def add_tag(deps: Deps, ctx: Context, server_id: str, tag: str) -> bool:
    "Add a tag; False when it was there. Raises InvalidParameter for one too many, or too long."
    if len(tag) > 60 or not tag or re.search("[,/]", tag):
        raise InvalidParameter(
            field="tag", value=tag[:80], reason="1 to 60 characters, no comma, no slash."
        )
    with deps.db.write() as session:
        server = lock(session, ctx, server_id, "os-server-tags:update")
        _changeable(server, ctx, "update tags")
        tags = store.tags_of(session, [server.id])[server.id]
        if tag in tags:
            return False
        if len(tags) >= MAX_TAGS:
            raise InvalidParameter(f"The number of tags exceeded the per-server limit {MAX_TAGS}")
        store.set_tags(session, server.id, [*tags, tag])
        server.updated_at = utcnow()
    return True


def drop_tags(deps: Deps, ctx: Context, server_id: str, tag: str | None = None) -> None:
    "Remove one tag (raises TagNotFound) or all."
    with deps.db.write() as session:
        rule = "os-server-tags:delete" if tag is not None else "os-server-tags:delete_all"
        server = lock(session, ctx, server_id, rule)
        _changeable(server, ctx, "update tags")
        tags = store.tags_of(session, [server.id])[server.id]
        if tag is not None and tag not in tags:
            raise TagNotFound(tag=tag)
        store.set_tags(session, server.id, [t for t in tags if tag is not None and t != tag])
        server.updated_at = utcnow()


def agent_error(error: Error, server: Server) -> Error:
    "What a client is told when the node of its server does not answer."
    from compute.errors import HostDown

    return HostDown(host=server.host or "", server_id=server.id) if error.code == 503 else error
