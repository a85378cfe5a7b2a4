"Trunks: ports inside a port, told apart by a VLAN tag."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from network import errors
from network.core import Deps, access, quotas, reading
from network.store import outbox
from network.store import policies as store
from network.store import ports as port_store
from network.store.models import Subport, Trunk


def create(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> Trunk:
    "A trunk on a port that is no other's part yet."
    access.enforce(ctx, "create_trunk", {"project_id": values["project_id"]}, guarded)
    _check_wanted(values["sub_ports"])

    def work(session: Any) -> Trunk:
        quotas.check(session, deps, values["project_id"], "trunk")
        port = reading.find(session, ctx, "port", values["port_id"])
        if port_store.trunk_use(session, port.id):
            raise errors.TrunkPortInUse(port_id=port.id)
        row = Trunk(
            **{
                k: values[k]
                for k in ("project_id", "name", "description", "admin_state_up", "port_id")
            }
        )
        session.add(row)
        session.flush()
        _add(session, ctx, row, values["sub_ports"])
        session.expire(row)
        return reading.any_of(session, "trunk", row.id)

    return deps.write(work)


def _add(session: Any, ctx: Any, row: Trunk, wanted: Sequence[dict[str, Any]]) -> None:
    taken = {(s.segmentation_type, s.segmentation_id) for s in store.subports(session, row.id)}
    for entry in wanted:
        kind, number = _segmentation(entry)
        port = reading.find(session, ctx, "port", entry["port_id"])
        if port_store.trunk_use(session, port.id):
            raise errors.TrunkPortInUse(port_id=port.id)
        if (kind, number) in taken:
            raise errors.DuplicateSubPort(segmentation_type=kind, segmentation_id=number, id=row.id)
        taken.add((kind, number))
        session.add(
            Subport(
                port_id=port.id, trunk_id=row.id, segmentation_type=kind, segmentation_id=number
            )
        )
        port.device_owner, port.device_id = "trunk:subport", row.id
        session.flush()
        outbox.mark(session, f"port:{port.id}")


def _segmentation(entry: dict[str, Any]) -> tuple[str, int]:
    kind, number = entry.get("segmentation_type"), entry.get("segmentation_id")
    if kind != "vlan" or number is None:
        raise errors.Invalid(
            field="sub_ports",
            value=entry,
            reason="a port needs segmentation_type vlan and a segmentation_id",
        )
    return kind, number


def _check_wanted(wanted: Sequence[dict[str, Any]]) -> None:
    # What the request says of itself comes before what there is.
    pairs = [_segmentation(entry) for entry in wanted]
    twice = next((p for p in pairs if pairs.count(p) > 1), None)
    if twice:
        raise errors.Invalid(
            field="sub_ports", value=list(twice), reason="two ports have the same segmentation"
        )


def _check_enabled(row: Trunk) -> None:
    if not row.admin_state_up:
        raise errors.TrunkDisabled(id=row.id)


def update(
    deps: Deps,
    ctx: Any,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Trunk:
    "Rename, describe, switch off."

    def work(session: Any) -> Trunk:
        row = reading.find(session, ctx, "trunk", key)
        access.enforce(ctx, "update_trunk", reading.owner(row), guarded)
        access.check_revision(row, revision)
        for name, value in values.items():
            setattr(row, name, value)
        row.touch()
        return row

    return deps.write(work)


def change_subports(
    deps: Deps, ctx: Any, key: str, wanted: Sequence[dict[str, Any]], add: bool
) -> Trunk:
    """Put ports into the trunk or take them out. Raises SubPortNotFound, DuplicateSubPort,
    ParentPortInUse, TrunkDisabled."""

    def work(session: Any) -> Trunk:
        row = reading.find(session, ctx, "trunk", key)
        access.enforce(ctx, "add_subports" if add else "remove_subports", reading.owner(row))
        _check_enabled(row)
        if add:
            _check_wanted(wanted)
            _add(session, ctx, row, wanted)
        else:
            _remove(session, row, wanted)
        row.touch()
        session.flush()
        session.expire(row)
        return reading.any_of(session, "trunk", key)

    return deps.write(work)


def _remove(session: Any, row: Trunk, wanted: Sequence[dict[str, Any]]) -> None:
    have = {s.port_id: s for s in store.subports(session, row.id)}
    for entry in wanted:
        sub = have.get(entry["port_id"])
        if sub is None:
            raise errors.SubPortNotFound(id=row.id, port_id=entry["port_id"])
        session.delete(sub)
        for port in port_store.by_ids(session, [sub.port_id]):
            port.device_owner, port.device_id = "", ""
        outbox.mark(session, f"port:{sub.port_id}")


def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
    "Delete a trunk; its ports stay. Raises TrunkDisabled."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "trunk", key)
        access.enforce(ctx, "delete_trunk", reading.owner(row))
        access.check_revision(row, revision)
        _check_enabled(row)
        _remove(session, row, [{"port_id": s.port_id} for s in row.subports])
        session.flush()
        session.delete(row)

    deps.write(work)
