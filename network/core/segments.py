"What carries a network: choosing and checking the type, the physical network and the id."

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access, reading
from network.store import networks as store
from network.store import outbox
from network.store.models import Segment

OVERHEAD = {"geneve": 58, "vlan": 0, "flat": 0}
"""Bytes that the tunnel takes of each packet: outer IPv4, UDP, Geneve with OVN's 8 bytes of
options, inner Ethernet."""
TYPES = tuple(OVERHEAD)


def mtu_limit(deps: Deps, network_type: str) -> int:
    "The largest MTU of a network of this type."
    return int(deps.config.provider.physical_mtu) - OVERHEAD[network_type]


def slot(network_type: str, physical_network: str | None, number: int | None) -> str:
    "What must be unique among segments."
    return f"{network_type}:{physical_network or ''}:{'' if number is None else number}"


def of_request(values: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The segments that a network request describes, None if it leaves the choice to us. Raises
    Invalid."""
    single = {
        k: values.get(f"provider:{k}")
        for k in ("network_type", "physical_network", "segmentation_id")
    }
    many = values.get("segments")
    if many:
        if any(v is not None for v in single.values()):
            raise errors.Invalid(
                field="segments", value="", reason="segments and provider values cannot both be set"
            )
        return [{k: s.get(f"provider:{k}") for k in single} for s in many]
    return [single] if any(v is not None for v in single.values()) else None


def make(
    session: Any,
    deps: Deps,
    network_id: str,
    project_id: str,
    wanted: Sequence[Mapping[str, Any]] | None,
) -> list[Segment]:
    "New segments of a network. Raises Invalid and the errors of what is in use."
    default = deps.config.provider.tenant_network_type
    rows = []
    for request in wanted or [{"network_type": default}]:
        kind = request.get("network_type")
        if kind is None:
            raise errors.Invalid(
                field="provider:network_type", value=kind, reason="network_type required"
            )
        if kind not in TYPES:
            raise errors.Invalid(
                field="provider:network_type",
                value=kind,
                reason=f"network_type value '{kind}' not supported",
            )
        physical, number = _checked(
            deps, kind, request.get("physical_network"), request.get("segmentation_id")
        )
        if number is None and kind != "flat":
            number = _free(session, deps, kind, physical)
        place = slot(kind, physical, number)
        if store.slot_taken(session, place):
            raise _taken(kind, physical, number)
        row = Segment(
            network_id=network_id,
            project_id=project_id,
            network_type=kind,
            physical_network=physical,
            segmentation_id=number,
            slot=place,
            name=request.get("name") or "",
            description=request.get("description") or "",
        )
        session.add(row)
        session.flush()
        rows.append(row)
    return rows


def _checked(
    deps: Deps, kind: str, physical: str | None, number: int | None
) -> tuple[str | None, int | None]:
    if kind == "geneve":
        if physical:
            raise errors.Invalid(
                field="provider:physical_network",
                value=physical,
                reason="provider:physical_network specified for geneve network",
            )
        if number is not None and not 1 <= number <= 16777215:
            raise errors.Invalid(
                field="provider:segmentation_id", value=number, reason="it is not in 1 to 16777215"
            )
        return None, number
    if kind == "flat":
        if number is not None:
            raise errors.Invalid(
                field="provider:segmentation_id",
                value=number,
                reason="segmentation_id is prohibited for flat provider network",
            )
        allowed = deps.config.provider.flat_networks
        if not physical or not ("*" in allowed or physical in allowed):
            raise errors.Invalid(
                field="provider:physical_network",
                value=physical,
                reason="physical_network is required and must be known for flat provider network",
            )
        return physical, None
    ranges = _vlan_ranges(deps, physical)
    if physical is None:
        physical = next(iter(_named_vlan_networks(deps)), None)
        ranges = _vlan_ranges(deps, physical)
    if physical is None or not ranges:
        raise errors.Invalid(
            field="provider:physical_network",
            value=physical,
            reason="physical_network is required and must be known for VLAN provider network",
        )
    if number is not None and not 1 <= number <= 4094:
        raise errors.Invalid(
            field="provider:segmentation_id",
            value=number,
            reason="segmentation_id out of range (1 through 4094)",
        )
    return physical, number


def _named_vlan_networks(deps: Deps) -> list[str]:
    return [r.split(":")[0] for r in deps.config.provider.vlan_ranges if not r.startswith("*")]


def _vlan_ranges(deps: Deps, physical: str | None) -> list[tuple[int, int]]:
    out = []
    for text in deps.config.provider.vlan_ranges:
        name, _, bounds = text.partition(":")
        if name in ("*", physical):
            first, _, last = bounds.partition(":")
            out.append((int(first or 1), int(last or 4094)))
    return out


def _free(session: Any, deps: Deps, kind: str, physical: str | None) -> int:
    if kind == "geneve":
        first, last = (int(n) for n in deps.config.provider.vni_range.split(":"))
        for _ in range(
            8
        ):  # the range is mostly empty: a few tries find a free one without reading it all
            number = random.randint(first, last)
            if not store.slot_taken(session, slot(kind, None, number)):
                return number
        ranges = [(first, last)]
    else:
        ranges = _vlan_ranges(deps, physical)
    used = store.used_ids(session, kind, physical)
    for low, high in ranges:
        for number in range(low, high + 1):
            if number not in used:
                return number
    raise errors.NoNetworkAvailable()


def _taken(kind: str, physical: str | None, number: int | None) -> Exception:
    if kind == "flat":
        return errors.FlatNetworkInUse(physical_network=physical)
    if kind == "vlan":
        return errors.VlanIdInUse(vlan_id=number, physical_network=physical)
    return errors.TunnelIdInUse(tunnel_id=number)


def create(deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()) -> Any:
    "A further segment of a network (routed provider networks)."
    ctx.enforce("create_segment", {"project_id": ctx.project_id})

    def work(session: Any) -> Any:
        network = reading.find(session, ctx, "network", values["network_id"])
        row = make(session, deps, network.id, network.project_id, [values])[0]
        outbox.mark(session, f"network:{network.id}")
        return row

    return deps.write(work)


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Any:
    "Rename or describe a segment."
    ctx.enforce("update_segment", {"project_id": ctx.project_id})

    def work(session: Any) -> Any:
        row = reading.find(session, ctx, "segment", key)
        access.check_revision(row, revision)
        for name, value in values.items():
            setattr(row, name, value or "")
        row.touch()
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Remove a segment. Raises SegmentInUse when subnets lie on it."
    ctx.enforce("delete_segment", {"project_id": ctx.project_id})

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "segment", key)
        access.check_revision(row, revision)
        if store.subnets_on_segment(session, key):
            raise errors.SegmentInUse(
                id=key, reason="The segment is still associated with subnet(s)"
            )
        outbox.mark(session, f"network:{row.network_id}")
        session.delete(row)

    deps.write(work)
