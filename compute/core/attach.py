"Interfaces and volumes of a server."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.db import after_commit
from common.errors import Conflict, NotFound
from compute.core import Deps, blockdev, network, nics, proxies, servers, state, volumes, work
from compute.core.actions import begin
from compute.errors import (
    AttachmentNotFound,
    FixedIpInUse,
    HostDown,
    InvalidParameter,
    NetworkRefused,
    NotSupportedHere,
)
from compute.store import servers as store
from compute.store.models import BlockDevice, Server


def interfaces(deps: Deps, ctx: Context, server_id: str) -> list[dict[str, Any]]:
    "Ports of a server as they are now."
    server = servers.get(deps, ctx, server_id, "os-attach-interfaces:list")
    return network.refresh(deps, server.id, server.nics) if server.nics else []


def interface(deps: Deps, ctx: Context, server_id: str, port_id: str) -> dict[str, Any]:
    "One port. Raises AttachmentNotFound."
    server = servers.get(deps, ctx, server_id, "os-attach-interfaces:show")
    known = [n for n in server.nics if n["port_id"] == port_id]
    found = network.refresh(deps, server.id, known) if known else []
    if not found:
        raise AttachmentNotFound(kind="Port", id=port_id, server_id=server_id)
    return found[0]


def attach_interface(
    deps: Deps, ctx: Context, server_id: str, wish: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a server a port: one that is there, or a new one on a network. The node plugs it after
    the answer."""
    server = servers.get(deps, ctx, server_id, "os-attach-interfaces:create")
    state.check_lock(server, ctx.is_admin)
    state.check(server, "attach_interface")
    if server.host is None:
        raise HostDown(host="(none)", server_id=server.id)
    fixed = (wish.get("fixed_ips") or [{}])[0].get("ip_address")
    asked = [
        {
            "uuid": wish.get("net_id"),
            "port": wish.get("port_id"),
            "fixed_ip": fixed,
            "tag": wish.get("tag"),
        }
    ]
    if fixed and not wish.get("net_id"):
        raise InvalidParameter("Must input network_id when request IP address")
    wanted = network.resolve(
        deps, ctx, asked if wish.get("net_id") or wish.get("port_id") else None
    )
    if not wanted:
        raise NetworkRefused(reason="there is no network to attach to.")
    groups = server.request.get("groups") or []
    try:
        nic = network.make_ports(deps, server, server.host, wanted[:1], groups)[0]
    except NetworkRefused as error:
        if fixed and "already" in error.message:
            raise FixedIpInUse(ip=fixed, network_id=wanted[0]["network_id"]) from None
        raise

    def change(session: Any, row: Server, args: dict[str, Any]) -> None:
        row.nics = [*row.nics, nic]
        row.ips = network.addresses(row.nics)
        args["port"] = nic["port_id"]

    begin(
        deps,
        ctx,
        server_id,
        "os-attach-interfaces:create",
        "attach_interface",
        "attach_nic",
        change=change,
    )
    return nic


def detach_interface(deps: Deps, ctx: Context, server_id: str, port_id: str) -> None:
    "Take a port away. Raises AttachmentNotFound."

    def change(session: Any, row: Server, args: dict[str, Any]) -> None:
        if all(n["port_id"] != port_id for n in row.nics):
            raise AttachmentNotFound(kind="Port", id=port_id, server_id=server_id)
        args["port"] = port_id

    begin(
        deps,
        ctx,
        server_id,
        "os-attach-interfaces:delete",
        "detach_interface",
        "detach_nic",
        change=change,
    )


def attached(deps: Deps, ctx: Context, server_id: str) -> list[BlockDevice]:
    "Volumes of a server."
    servers.get(deps, ctx, server_id, "os-volumes-attachments:index")
    return [d for d in servers.devices(deps, [server_id])[server_id] if d.volume_id]


def attachment(
    deps: Deps, ctx: Context, server_id: str, volume_id: str, rule: str = "show"
) -> BlockDevice:
    "One of them. Raises AttachmentNotFound."
    servers.get(deps, ctx, server_id, f"os-volumes-attachments:{rule}")
    with deps.db.read() as session:
        return _device(session, server_id, volume_id)


def _device(session: Any, server_id: str, volume_id: str) -> BlockDevice:
    for one in store.devices_of(session, [server_id])[server_id]:
        if one.volume_id == volume_id:
            return one
    raise AttachmentNotFound(kind="Volume", id=volume_id, server_id=server_id)


def attach_volume(
    deps: Deps, ctx: Context, server_id: str, wish: Mapping[str, Any], *, multiattach: bool = True
) -> BlockDevice:
    "Reserve a volume for a server and have it plugged; the block device with its name."
    server = servers.get(deps, ctx, server_id, "os-volumes-attachments:create")
    state.check_lock(server, ctx.is_admin)
    state.check(server, "attach_volume")
    volume = volumes.check_shared(volumes.get(deps, ctx, wish["volumeId"]), multiattach)
    if volume["status"] != "available" and not (
        volume.get("multiattach") and volume["status"] == "in-use"
    ):
        raise InvalidParameter(
            f"Invalid volume: volume {volume['id']} is {volume['status']}, it must be available."
        )
    attachment_id = volumes.reserve(deps, ctx, server, volume["id"])
    try:
        return _record(deps, ctx, server, wish, volume, attachment_id)
    except Exception:
        volumes.release(deps, server, attachment_id)
        raise


def _record(
    deps: Deps,
    ctx: Context,
    server: Server,
    wish: Mapping[str, Any],
    volume: Mapping[str, Any],
    attachment_id: str,
) -> BlockDevice:
    with deps.db.write() as session:
        row = servers.lock(session, ctx, server.id, "os-volumes-attachments:create")
        state.check(row, "attach_volume")
        devices = store.devices_of(session, [row.id])[row.id]
        if any(d.volume_id == volume["id"] for d in devices):
            raise NotSupportedHere(
                reason=f"Volume {volume['id']} is attached to the server already."
            )
        name = wish.get("device")
        if name and any(d.device_name == name for d in devices):
            raise NotSupportedHere(reason=f"The device name {name} is taken.")
        device = BlockDevice(
            server_id=row.id,
            position=len(devices),
            source_type="volume",
            destination_type="volume",
            volume_id=volume["id"],
            size_gib=volume.get("size"),
            attachment_id=attachment_id,
            device_name=name or blockdev.next_name(devices),
            tag=wish.get("tag"),
            delete_on_termination=bool(wish.get("delete_on_termination", False)),
        )
        session.add(device)
        session.flush()
        if row.host is None:
            work.finished(session, ctx, row, "attach_volume")
        else:
            job = work.begin(
                session,
                ctx,
                row,
                "attach_volume",
                action="attach_volume",
                args={"device": device.uuid},
            )
            after_commit(session, lambda: work.wake(deps, [job], ctx))
    return device


def detach_volume(deps: Deps, ctx: Context, server_id: str, volume_id: str) -> None:
    "Have a volume unplugged and released. The root volume of a server that is on a host stays."
    device = attachment(deps, ctx, server_id, volume_id, "delete")
    server = servers.get(deps, ctx, server_id)
    state.check_lock(server, ctx.is_admin)
    state.check(server, "detach_volume")
    if device.boot_index == 0:
        raise NotSupportedHere(reason="Cannot detach a root device volume")
    volumes.begin_detaching(deps, ctx, volume_id)
    try:
        begin(
            deps,
            ctx,
            server_id,
            "os-volumes-attachments:delete",
            "detach_volume",
            "detach_volume",
            args={"device": device.uuid},
        )
    except Exception:
        volumes.roll_detaching(deps, server, volume_id)
        raise


def swap_volume(deps: Deps, ctx: Context, server_id: str, old_id: str, new_id: str) -> None:
    "Move a server from one volume to another while it runs."
    device = attachment(deps, ctx, server_id, old_id, "swap")
    server = servers.get(deps, ctx, server_id)
    state.check_lock(server, ctx.is_admin)
    state.check(server, "swap_volume")
    new = volumes.check_attachable(deps, ctx, new_id)
    if int(new.get("size") or 0) < int(device.size_gib or 0):
        raise InvalidParameter("The new volume must not be smaller than the old one.")
    reserved = volumes.reserve(deps, ctx, server, new_id)
    try:
        begin(
            deps,
            ctx,
            server_id,
            "os-volumes-attachments:swap",
            "swap_volume",
            "swap_volume",
            args={"device": device.uuid, "volume": new_id, "attachment": reserved},
        )
    except Exception:
        volumes.release(deps, server, reserved)
        raise


def keep_on_delete(deps: Deps, ctx: Context, server_id: str, volume_id: str, delete: bool) -> None:
    "Whether a volume goes with its server."
    with deps.db.write() as session:
        servers.lock(session, ctx, server_id, "os-volumes-attachments:update")
        _device(session, server_id, volume_id).delete_on_termination = delete


def add_fixed_ip(deps: Deps, ctx: Context, server_id: str, network_id: str) -> None:
    "One more address on the server's port of a network."
    server = servers.get(deps, ctx, server_id, "os-multinic:add")
    nic = next((n for n in server.nics if n["network_id"] == network_id), None)
    if nic is None:
        raise InvalidParameter(f"The server has no port on network {network_id}.")
    subnet = (nic["fixed_ips"] or [{}])[0].get("subnet_id")
    fixed = [*nic["fixed_ips"], {"subnet_id": subnet}]
    _set_addresses(deps, server, nic, fixed)


def remove_fixed_ip(deps: Deps, ctx: Context, server_id: str, address: str) -> None:
    "Take an address away. Raises InvalidParameter when no port has it."
    server = servers.get(deps, ctx, server_id, "os-multinic:remove")
    for nic in server.nics:
        left = [ip for ip in nic["fixed_ips"] if ip["ip_address"] != address]
        if len(left) != len(nic["fixed_ips"]):
            _set_addresses(deps, server, nic, left)
            return
    raise InvalidParameter(f"Fixed IP {address} is not associated with the server.")


def _set_addresses(deps: Deps, server: Server, nic: Mapping[str, Any], fixed: list[Any]) -> None:
    answer = deps.services.network.put(
        f"/v2.0/ports/{nic['port_id']}", json={"port": {"fixed_ips": fixed}}, raise_exc=False
    )
    if answer.status_code >= 400:
        raise NetworkRefused(reason=network.reason(answer))
    nics.refresh(deps, server.id)


def floating_ip(
    deps: Deps, ctx: Context, server_id: str, address: str, fixed: str | None, add: bool
) -> None:
    "Give a floating address to a server's first port (or the one with `fixed`), or take it away."
    server = servers.get(deps, ctx, server_id, f"os-floating-ips:{'add' if add else 'remove'}")
    found = proxies.call(
        deps, ctx, "network", "GET", "/v2.0/floatingips", params={"floating_ip_address": address}
    )["floatingips"]
    if not found:
        raise NotFound(f"Floating IP {address} not found.")
    ports = {n["port_id"] for n in server.nics}
    if not add and found[0].get("port_id") not in ports:
        raise Conflict(f"Floating IP {address} is not associated with server {server_id}.")
    body: dict[str, Any] = {"port_id": None}
    if add:
        nic = next(
            (n for n in server.nics for ip in n["fixed_ips"] if fixed in (None, ip["ip_address"])),
            None,
        )
        if nic is None:
            raise InvalidParameter("The server has no fixed address that fits.")
        body = {"port_id": nic["port_id"], **({"fixed_ip_address": fixed} if fixed else {})}
    path = f"/v2.0/floatingips/{found[0]['id']}"
    with proxies.old_refusals():
        proxies.call(deps, ctx, "network", "PUT", path, {"floatingip": body})
    nics.refresh(deps, server.id)


def refuse_assisted(deps: Deps, volume_id: str) -> None:
    """Raise what a request for an assisted snapshot deserves: NotFound for a volume that no server
    has, otherwise that the volume service must make its snapshots itself (its drivers here need
    no help of a node)."""
    with deps.db.read() as session:
        if store.device_of_volume(session, volume_id) is None:
            raise NotFound(f"Volume {volume_id} is not attached to any server.")
    raise InvalidParameter(
        f"The volume {volume_id} is of a kind whose snapshots need no help of compute."
    )
