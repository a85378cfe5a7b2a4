"Port forwarding: ports of one floating IP for different servers."

from __future__ import annotations

from typing import Any

from network import errors
from network.core import Deps, floatingips, reading
from network.store import outbox, routers
from network.store import policies as store
from network.store.models import PortForwarding


def listed(deps: Deps, ctx: Any, floating_id: str) -> list[PortForwarding]:
    "The port forwardings of a floating IP."
    row = reading.show(deps, ctx, "floatingip", floating_id)
    ctx.enforce("get_floatingip_port_forwarding", reading.owner(row))
    return list(row.forwardings)


def show(deps: Deps, ctx: Any, floating_id: str, key: str) -> PortForwarding:
    "One of them."
    for row in listed(deps, ctx, floating_id):
        if row.id == key:
            return row
    raise errors.missing("port_forwarding", key)


def _range(values: dict[str, Any], side: str) -> tuple[int, int]:
    single, span = values.get(f"{side}_port"), values.get(f"{side}_port_range")
    if single is not None:
        return single, single
    if not span:
        raise errors.PortForwardingConflict(reason=f"{side}_port or {side}_port_range is required")
    first, _, last = span.partition(":")
    low, high = int(first), int(last or first)
    if not 1 <= low <= high <= 65535:
        raise errors.Invalid(
            field=f"{side}_port_range", value=span, reason="it is not a range of ports"
        )
    return low, high


def _fill(
    session: Any, ctx: Any, floating: Any, row: PortForwarding, values: dict[str, Any]
) -> None:
    port = reading.find(session, ctx, "port", values["internal_port_id"])
    address = floatingips.fixed_address(port, values.get("internal_ip_address"))
    if routers.floating_on(session, floating.floating_network_id, port.id, address, None):
        raise errors.PortHasBindingFloatingIP(port_id=port.id, fixed_ip=address)
    row.router_id = floatingips.router_for(session, floating.floating_network_id, port, address)
    row.internal_port_id, row.internal_ip_address = port.id, address
    row.protocol = values["protocol"].lower()
    row.external_port, row.external_port_end = _range(values, "external")
    row.internal_port, row.internal_port_end = _range(values, "internal")
    widths = {row.external_port_end - row.external_port, row.internal_port_end - row.internal_port}
    if len(widths) > 1 and row.internal_port != row.internal_port_end:
        raise errors.Invalid(
            field="internal_port_range",
            value=values.get("internal_port_range"),
            reason="it must be as long as external_port_range, or one port",
        )
    for other in floating.forwardings:
        if (
            other.id != row.id
            and other.protocol == row.protocol
            and (
                other.external_port <= row.external_port_end
                and row.external_port <= other.external_port_end
            )
        ):
            raise errors.PortForwardingConflict(
                reason="the external port is used by another port forwarding"
            )


def create(deps: Deps, ctx: Any, floating_id: str, values: dict[str, Any]) -> PortForwarding:
    """Forward a port. Raises FipPortForwardingInUse for a floating IP that leads to one port
    wholly, PortHasBindingFloatingIP for a port to which one does."""

    def work(session: Any) -> PortForwarding:
        floating = reading.find(session, ctx, "floatingip", floating_id)
        ctx.enforce("create_floatingip_port_forwarding", reading.owner(floating))
        if floating.port_id:
            raise errors.FipPortForwardingInUse(id=floating_id)
        row = PortForwarding(
            project_id=floating.project_id,
            floatingip_id=floating_id,
            description=values.get("description", ""),
        )
        _fill(session, ctx, floating, row, values)
        session.add(row)
        floating.router_id, floating.status = row.router_id, "ACTIVE"
        floating.touch()
        outbox.mark(session, f"fip:{floating_id}")
        session.flush()
        return row

    return deps.write(work)


def update(
    deps: Deps, ctx: Any, floating_id: str, key: str, values: dict[str, Any]
) -> PortForwarding:
    "Change a forwarding."

    def work(session: Any) -> PortForwarding:
        floating, row = _found(session, ctx, floating_id, key, "update_floatingip_port_forwarding")
        merged = {
            "internal_port_id": row.internal_port_id,
            "protocol": row.protocol,
            "external_port_range": f"{row.external_port}:{row.external_port_end}",
            "internal_port_range": f"{row.internal_port}:{row.internal_port_end}",
            **values,
        }
        if "internal_port_id" not in values and "internal_ip_address" not in values:
            merged["internal_ip_address"] = row.internal_ip_address
        _fill(session, ctx, floating, row, merged)
        row.description = values.get("description", row.description)
        outbox.mark(session, f"fip:{floating_id}")
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Any, floating_id: str, key: str) -> None:
    "Forward no longer."

    def work(session: Any) -> None:
        floating, row = _found(session, ctx, floating_id, key, "delete_floatingip_port_forwarding")
        session.delete(row)
        if len(floating.forwardings) == 1:
            floating.router_id, floating.status = None, "DOWN"
        floating.touch()
        outbox.mark(session, f"fip:{floating_id}")

    deps.write(work)


def _found(session: Any, ctx: Any, floating_id: str, key: str, rule: str) -> tuple[Any, Any]:
    floating = reading.find(session, ctx, "floatingip", floating_id)
    ctx.enforce(rule, reading.owner(floating))
    row = store.forwarding(session, floating_id, key)
    if row is None:
        raise errors.missing("port_forwarding", key)
    return floating, row
