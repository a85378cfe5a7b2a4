"Actions that change what a server is: rebuild, resize, rescue, snapshot, shelve, move, restore."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.errors import Error
from compute.contracts.agent import Agent
from compute.core import (
    Deps,
    blockdev,
    boot,
    images,
    quotas,
    schedule,
    servers,
    snapshots,
    state,
    work,
    zones,
)
from compute.core.actions import begin
from compute.core.hosts import is_up
from compute.errors import (
    CannotResizeToSame,
    CannotShrinkDisk,
    HostDown,
    InvalidParameter,
    MigrationNotFound,
    NotSupportedHere,
    WrongState,
)
from compute.store import flavors as flavor_store
from compute.store import hosts as host_store
from compute.store import servers as store
from compute.store import work as work_store
from compute.store.models import Migration, Server


def rebuild(
    deps: Deps, ctx: Context, server_id: str, wish: Mapping[str, Any], *, volume_root: bool
) -> tuple[Server, str]:
    """A new root disk from an image; (server, administrator's password). `volume_root` allows it
    for a volume (2.93)."""
    current = servers.get(deps, ctx, server_id, "servers:rebuild")
    if wish.get("trusted_image_certificates"):
        raise InvalidParameter(
            "Image certificates cannot be checked: this cloud has no certificate validation."
        )
    image_id = boot.image_id(wish["imageRef"])
    if image_id is None:
        raise InvalidParameter("Invalid imageRef provided.")
    image = images.get(deps, ctx, image_id)
    devices = servers.devices(deps, [server_id])[server_id]
    on_volume = blockdev.volume_backed(devices)
    if on_volume and not volume_root:
        raise InvalidParameter(
            "Unable to rebuild with a different image for a volume-backed server."
        )
    images.check(image, current.flavor, root_is_local=not on_volume)
    key = boot.keypair(deps, ctx, wish["key_name"]) if wish.get("key_name") else None
    password = wish.get("adminPass") or boot.make_password(deps)

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        _apply_rebuild(server, wish, image, key, on_volume)
        if not on_volume:
            store.set_root_image(session, server.id, image_id)
        args |= {
            "password": password,
            "preserve_ephemeral": boot.truth(wish.get("preserve_ephemeral")),
        }
        server.request = {**server.request, "password": password}

    row = begin(deps, ctx, server_id, "servers:rebuild", "rebuild", "rebuild", change=change)
    return row, password


def _apply_rebuild(
    server: Server, wish: Mapping[str, Any], image: Mapping[str, Any], key: Any, on_volume: bool
) -> None:
    server.image = dict(image)
    server.image_id = None if on_volume else image["id"]
    server.generation += 1
    for field, column in (
        ("name", "name"),
        ("description", "description"),
        ("metadata", "meta"),
        ("user_data", "user_data"),
        ("OS-DCF:diskConfig", "disk_config"),
        ("hostname", "hostname"),
        ("personality", "personality"),
    ):
        if field in wish:
            setattr(server, column, wish[field])
    for field, column in (("accessIPv4", "access_ipv4"), ("accessIPv6", "access_ipv6")):
        if field in wish:
            setattr(server, column, wish[field] or None)
    if "key_name" in wish:
        server.key_name, server.key = (key["name"], key) if key else (None, None)
    server.power_wanted = "off" if server.vm_state == "stopped" else "on"


def resize(deps: Deps, ctx: Context, server_id: str, wish: Mapping[str, Any]) -> None:
    """Another flavor, and another disk configuration if one is named. Raises CannotResizeToSame,
    CannotShrinkDisk, QuotaExceeded."""
    current = servers.get(deps, ctx, server_id, "servers:resize")
    flavor = boot.flavor_for(deps, ctx, wish["flavorRef"])
    on_volume = blockdev.volume_backed(servers.devices(deps, [server_id])[server_id])
    if flavor["id"] == current.flavor_id:
        raise CannotResizeToSame()
    if not on_volume and flavor["root_gib"] < current.root_gib:
        raise CannotShrinkDisk(what="root disk")
    if flavor["ephemeral_gib"] < current.ephemeral_gib:
        raise CannotShrinkDisk(what="ephemeral disk")

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        quotas.admit_growth(deps, session, server.project_id, server.user_id, server.flavor, flavor)
        server.disk_config = wish.get("OS-DCF:diskConfig") or server.disk_config
        args |= {"flavor": flavor, "migration": _migration(session, ctx, server, "resize", flavor)}

    begin(deps, ctx, server_id, "servers:resize", "resize", "resize", change=change)


def _migration(
    session: Any, ctx: Context, server: Server, kind: str, flavor: Mapping[str, Any] | None = None
) -> int:
    old = flavor_store.get(session, server.flavor_id)
    new = flavor_store.get(session, flavor["id"]) if flavor else old
    row = Migration(
        server_id=server.id,
        type=kind,
        status="queued" if kind == "live-migration" else "pre-migrating",
        source_host=server.host,
        source_node=server.node,
        old_flavor_id=old.id if old else None,
        new_flavor_id=new.id if new else None,
        project_id=ctx.project_id,
        user_id=ctx.user_id,
    )
    session.add(row)
    session.flush()
    return row.id


def finish_resize(deps: Deps, ctx: Context, server_id: str, confirm: bool) -> None:
    "Confirm or revert. Raises WrongState when nothing waits for it."
    rule, action, kind = (
        ("servers:confirm_resize", "confirmResize", "confirm")
        if confirm
        else ("servers:revert_resize", "revertResize", "revert")
    )

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        found = work_store.migrations(session, server_id=server.id, status="finished")
        if not found or work_store.open_jobs(session, server_id=server.id):
            raise WrongState(
                action=action, server_id=server.id, attribute="vm_state", state=server.vm_state
            )
        args["migration"] = found[0].id
        found[0].status = "confirming" if confirm else "reverting"

    begin(deps, ctx, server_id, rule, action, kind, change=change)


def migrate(deps: Deps, ctx: Context, server_id: str, host: str | None) -> None:
    "Cold migrate: the same flavor on another host."

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        if host:
            ctx.enforce("os_compute_api:os-migrate-server:migrate:host", servers.target(server))
        _check_target(session, server, host)
        args |= {
            "flavor": server.flavor,
            "leave": True,
            "force_host": host,
            "migration": _migration(session, ctx, server, "migration", server.flavor),
        }

    begin(deps, ctx, server_id, "os-migrate-server:migrate", "migrate", "resize", change=change)


def _check_target(session: Any, server: Server, host: str | None) -> None:
    if host and host == server.host:
        raise InvalidParameter(f"The target host '{host}' is the host of the server.")
    if host and host_store.node(session, host) is None:
        raise InvalidParameter(f"Compute host {host} could not be found.")


def live_migrate(
    deps: Deps,
    ctx: Context,
    server_id: str,
    host: str | None,
    block: bool | None,
    *,
    force: bool,
    check: bool = False,
) -> None:
    """Move a running server. `force`: to `host` whatever the scheduler's filters say. `check`: look
    for a host before accepting (up to 2.33); raises NoValidHost."""

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        if host:
            ctx.enforce(
                "os_compute_api:os-migrate-server:migrate_live:host", servers.target(server)
            )
        _check_target(session, server, host)
        args |= {
            "block": block,
            "leave": True,
            "force_host": host,
            "skip_filters": bool(force and host),
        }
        if check:
            devices = store.devices_of(session, [server.id])[server.id]
            schedule.check_move(deps, session, server, devices, host, args["skip_filters"])
        args["migration"] = _migration(session, ctx, server, "live-migration", server.flavor)

    begin(
        deps,
        ctx,
        server_id,
        "os-migrate-server:migrate_live",
        "live-migration",
        "live_migrate",
        change=change,
    )


def evacuate(
    deps: Deps,
    ctx: Context,
    server_id: str,
    host: str | None,
    password: str | None,
    *,
    stay_stopped: bool,
    force: bool,
) -> str:
    "Rebuild a server of a dead host elsewhere. Raises when its host is alive."
    password = password or boot.make_password(deps)

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        service = host_store.service(session, server.host or "")
        if service is not None and is_up(deps, service):
            raise InvalidParameter(f"Compute service of {server.host} is still in use.")
        _check_target(session, server, host)
        work_store.cancel_open(session, server.id)
        args |= {
            "force_host": host,
            "tried": [server.host],
            "skip_filters": bool(force and host),
            "power": "off" if server.vm_state == "stopped" or stay_stopped else "on",
            "migration": _migration(session, ctx, server, "evacuation", server.flavor),
        }
        server.request = {**server.request, "password": password}

    begin(deps, ctx, server_id, "os-evacuate", "evacuate", "evacuate", change=change)
    return password


def rescue(
    deps: Deps,
    ctx: Context,
    server_id: str,
    image_ref: str | None,
    password: str | None,
    *,
    volume_root: bool,
) -> str:
    "Boot from a rescue image; the password that the rescue system gets."
    current = servers.get(deps, ctx, server_id, "os-rescue")
    if blockdev.volume_backed(servers.devices(deps, [server_id])[server_id]) and not volume_root:
        raise InvalidParameter(
            f"Instance {server_id} cannot be rescued: Cannot rescue a volume-backed instance"
        )
    image_id = image_ref or current.image_id
    if image_id is None:
        raise InvalidParameter("rescue_image_ref is needed: the server has no image of its own.")
    image = images.get(deps, ctx, image_id)
    images.check(image, current.flavor, root_is_local=False)
    password = password or boot.make_password(deps)

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        server.old_vm_state = server.vm_state
        args |= {"image": image, "password": password}

    begin(deps, ctx, server_id, "os-rescue", "rescue", "rescue", change=change)
    return password


def unrescue(deps: Deps, ctx: Context, server_id: str) -> None:
    "Back to the server's own disk."
    begin(deps, ctx, server_id, "os-unrescue", "unrescue", "unrescue")


def snapshot(
    deps: Deps,
    ctx: Context,
    server_id: str,
    name: str,
    properties: Mapping[str, str],
    *,
    backup: Mapping[str, Any] | None = None,
    limited: bool = False,
) -> str | None:
    """Make an image of a server; its id. `backup`: {backup_type, rotation}: older ones of the type
    go. `limited`: its properties count against the limit of metadata items (up to 2.38)."""
    rule, action, kind = (
        ("os-create-backup", "createBackup", "backup")
        if backup
        else ("servers:create_image", "createImage", "snapshot")
    )
    current = servers.get(deps, ctx, server_id, rule)
    state.check_lock(current, ctx.is_admin)
    state.check(current, action)
    if limited:
        quotas.check_metadata(deps, current.project_id, properties)
    devices = servers.devices(deps, [server_id])[server_id]
    if blockdev.volume_backed(devices):
        if backup:
            raise InvalidParameter("Backup is not supported for volume-backed instances.")
        return snapshots.of_volumes(deps, ctx, current, devices, name, properties)
    image_id = snapshots.record(deps, ctx, current, name, properties, backup)
    try:
        begin(deps, ctx, server_id, rule, action, kind, args={"image": image_id, **(backup or {})})
    except Exception:
        images.delete(deps, image_id)
        raise
    return image_id


def shelve(deps: Deps, ctx: Context, server_id: str) -> None:
    "Stop and keep as an image."
    begin(deps, ctx, server_id, "os-shelve:shelve", "shelve", "shelve")


def offload(deps: Deps, ctx: Context, server_id: str) -> None:
    "Take a shelved server off its host."
    begin(deps, ctx, server_id, "os-shelve:shelve_offload", "shelveOffload", "offload")


def unshelve(deps: Deps, ctx: Context, server_id: str, where: Mapping[str, Any]) -> None:
    """Bring it back; `where` may have availability_zone (None unpins) and host, for an offloaded
    server."""
    host = where.get("host")
    zone: dict[str, Any] = {}
    if where.get("availability_zone"):
        zone = zones.parse(deps, ctx, where["availability_zone"])

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        if where and server.vm_state != "shelved_offloaded":
            raise WrongState(
                action="unshelve", server_id=server.id, attribute="vm_state", state=server.vm_state
            )
        if host:
            ctx.enforce("os_compute_api:os-shelve:unshelve_to_host", servers.target(server))
            _check_target(session, server, host)
        if "availability_zone" in where:
            server.pinned_zone = zone.get("zone")
        args["force_host"] = host

    begin(deps, ctx, server_id, "os-shelve:unshelve", "unshelve", "unshelve", change=change)


def restore(deps: Deps, ctx: Context, server_id: str) -> None:
    "Bring a soft-deleted server back."

    def change(session: Any, server: Server, args: dict[str, Any]) -> None:
        quotas.admit(deps, session, server.project_id, server.user_id, server.flavor, 1, 1)

    begin(deps, ctx, server_id, "os-deferred-delete:restore", "restore", "restore", change=change)


def crash_dump(deps: Deps, ctx: Context, server_id: str) -> None:
    "Inject an NMI."
    begin(deps, ctx, server_id, "servers:trigger_crash_dump", "trigger_crash_dump", "crash_dump")


def change_password(deps: Deps, ctx: Context, server_id: str, password: str) -> None:
    "Set the administrator's password by the guest agent, now: the caller learns whether it worked."
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, "os-admin-password")
        state.check_lock(server, ctx.is_admin)
        state.check(server, "changePassword")
        user = ((server.image or {}).get("properties") or {}).get("os_admin_user", "root")
        work.finished(session, ctx, server, "changePassword")
    try:
        deps.bus.client(Agent, ctx, host=server.host).set_password(server.id, user, password)
    except Error as error:
        if error.code == 503:
            raise HostDown(host=server.host or "", server_id=server.id) from None
        raise NotSupportedHere(
            reason=f"Failed to set admin password on {server.id}: {error}"
        ) from None


def abort_migration(deps: Deps, ctx: Context, server_id: str, migration_id: str) -> Migration:
    "The live migration of a server that is not over. Raises MigrationNotFound."
    with deps.db.read() as session:
        servers.visible(ctx, store.get(session, server_id), server_id)
        found = [
            m
            for m in work_store.migrations(session, server_id=server_id, kind="live-migration")
            if str(m.id) == migration_id
        ]
    if not found:
        raise MigrationNotFound(migration_id=migration_id, server_id=server_id)
    return found[0]
