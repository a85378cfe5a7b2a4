"""Placement's use cases. Everything that takes or gives resources goes through
`store.allocations`, as the scheduler does."""

from collections.abc import Mapping
from typing import Any

import os_resource_classes
import os_traits

from common.errors import BadRequest, Conflict, NotFound
from common.ids import is_uuid
from compute.core import Deps
from compute.store import allocations, placement
from compute.store.models import Consumer, Inventory, Provider

STALE = "placement.concurrent_update"
STANDARD_CLASSES = tuple(os_resource_classes.STANDARDS)


def standard_traits() -> set[str]:
    "Traits of os-traits."
    return set(os_traits.get_traits())


class NoProvider(NotFound):
    "No resource provider with uuid {uuid} found"


class StaleGeneration(Conflict):
    "resource provider generation conflict"

    def __init__(self, message: str | None = None, **fields: Any) -> None:
        super().__init__(
            message or "resource provider generation conflict", error_code=STALE, **fields
        )


def provider(session: Any, uuid: str, *, generation: int | None = None) -> Provider:
    "A provider, at the generation that a caller knows. Raises NoProvider, StaleGeneration."
    row = placement.provider(session, uuid, lock=generation is not None)
    if row is None:
        raise NoProvider(uuid=uuid)
    if generation is not None and row.generation != generation:
        raise StaleGeneration()
    return row


def create(deps: Deps, name: str, uuid: str, parent: str | None) -> Provider:
    "A new provider. Raises Conflict for a name or uuid that is taken."
    with deps.db.write() as session:
        if placement.by_name(session, name) or placement.provider(session, uuid):
            raise Conflict(
                f"Conflicting resource provider name: {name} already exists.",
                error_code="placement.duplicate_name",
            )
        above = None
        if parent:
            above = placement.provider(session, parent)
            if above is None:
                raise BadRequest("parent provider UUID does not exist.")
        return placement.create(session, uuid, name, above)


def update(deps: Deps, uuid: str, name: str, parent: Any, reparent: bool) -> Provider:
    "Rename, or hang below another parent (again below another only with `reparent`, 1.37)."
    with deps.db.write() as session:
        row = provider(session, uuid)
        other = placement.by_name(session, name)
        if other is not None and other.id != row.id:
            raise Conflict(
                f"Conflicting resource provider {name} already exists.",
                error_code="placement.duplicate_name",
            )
        row.name = name
        if parent is not False:
            _reparent(session, row, parent, reparent)
        session.flush()
        return row


def _reparent(session: Any, row: Provider, parent: str | None, reparent: bool) -> None:
    above = placement.provider(session, parent) if parent else None
    if parent and above is None:
        raise BadRequest("parent provider UUID does not exist.")
    if (above.id if above else None) == row.parent_id:
        return
    if row.parent_id is not None and not reparent:
        raise BadRequest("un-parenting or re-parenting a provider is not currently allowed.")
    below = _descendants(session, row)
    if above is not None and above.id in {b.id for b in (*below, row)}:
        raise BadRequest("creating loop in the provider tree is not allowed.")
    row.parent_id = above.id if above else None
    for one in (row, *below):
        one.root_id = above.root_id if above else row.id


def _descendants(session: Any, row: Provider) -> list[Provider]:
    out: list[Provider] = []
    for child in placement.children(session, row):
        out += [child, *_descendants(session, child)]
    return out


def delete(deps: Deps, uuid: str) -> None:
    "Delete one that nobody uses."
    with deps.db.write() as session:
        row = provider(session, uuid)
        if placement.has_allocations(session, row.id):
            raise Conflict(
                f"Unable to delete resource provider {uuid}: Resource provider has allocations.",
                error_code="placement.undefined_code",
            )
        if placement.children(session, row):
            raise Conflict(
                f"Unable to delete parent resource provider {uuid}: It has child resource "
                f"providers.",
                error_code="placement.resource_provider.cannot_delete_parent",
            )
        placement.remove(session, row)


def check_class(session: Any, name: str) -> None:
    "Raise BadRequest for a resource class that does not exist."
    if name not in STANDARD_CLASSES and name not in placement.custom_classes(session):
        raise BadRequest(f"No such resource class: {name}")


def check_inventory(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    "Values of an inventory with defaults. Raises BadRequest for a reserve beyond the total."
    out = {
        "reserved": 0,
        "min_unit": 1,
        "max_unit": 2147483647,
        "step_size": 1,
        "allocation_ratio": 1.0,
        **{
            k: v
            for k, v in values.items()
            if k not in ("resource_provider_generation", "resource_class")
        },
    }
    if out["reserved"] > out["total"]:
        raise BadRequest(
            f"Unable to update inventory: Invalid inventory for '{name}': reserved exceeds total."
        )
    return out


def set_inventories(
    session: Any, row: Provider, wanted: Mapping[str, Mapping[str, Any]]
) -> dict[str, Inventory]:
    """Make the inventories exactly these. Raises Conflict for one in use that would go, or shrink
    below its use."""
    have = placement.inventories(session, [row.id]).get(row.id, {})
    for name, values in wanted.items():
        check_class(session, name)
        set_inventory(session, row, name, values)
    busy = placement.drop_inventory(session, row, [n for n in have if n not in wanted])
    if busy:
        raise Conflict(
            f"update conflict: Inventory for '{', '.join(busy)}' on resource provider "
            f"'{row.uuid}' in use.",
            error_code="placement.inventory.inuse",
        )
    placement.bump(row)
    session.flush()
    return placement.inventories(session, [row.id]).get(row.id, {})


def set_inventory(session: Any, row: Provider, name: str, values: Mapping[str, Any]) -> Inventory:
    "One of them."
    return placement.set_inventory(session, row, name, check_inventory(name, values))


def put_allocations(deps: Deps, requests: Mapping[str, Mapping[str, Any]]) -> None:
    """Make what consumers hold exactly what `requests` say: {consumer: {"allocations": {provider:
    {"resources"}}, "project_id", "user_id", "consumer_generation" (absent: not looked at),
    "consumer_type"}}; all or nothing."""
    with deps.db.write() as session:
        known = allocations.consumers(session, list(requests))
        for uuid, wish in requests.items():
            _check_consumer(uuid, wish, known.get(uuid))
        for uuid, wish in sorted(requests.items(), key=lambda item: bool(item[1]["allocations"])):
            _replace(session, uuid, wish)


def _check_consumer(uuid: str, wish: Mapping[str, Any], row: Consumer | None) -> None:
    if "consumer_generation" not in wish:
        return
    expected, actual = wish["consumer_generation"], row.generation if row else None
    if expected != actual:
        raise StaleGeneration(
            f"consumer generation conflict - expected {actual} but got {expected}"
        )


def _replace(session: Any, uuid: str, wish: Mapping[str, Any]) -> None:
    rows = {p.uuid: p for p in placement.providers(session, list(wish["allocations"]))}
    wanted: dict[int, dict[str, int]] = {}
    for name, one in wish["allocations"].items():
        if name not in rows:
            raise BadRequest(f"Allocation for resource provider '{name}' that does not exist.")
        have = placement.inventories(session, [rows[name].id]).get(rows[name].id, {})
        for rc, amount in one["resources"].items():
            check_class(session, rc)
            _check_amount(have.get(rc), rc, amount, name)
        wanted[rows[name].id] = dict(one["resources"])
    try:
        allocations.replace(
            session,
            uuid,
            wanted,
            project_id=wish.get("project_id") or "",
            user_id=wish.get("user_id") or "",
            consumer_type=wish.get("consumer_type"),
        )
    except allocations.NoRoom as error:
        raise Conflict(
            f"Unable to allocate inventory: Unable to create allocation for "
            f"'{error.resource_class}' on "
            f"resource provider. The requested amount would exceed the capacity."
        ) from None


def _check_amount(inventory: Inventory | None, name: str, amount: int, provider_uuid: str) -> None:
    if inventory is None:
        raise Conflict(
            f"Unable to allocate inventory: Inventory for '{name}' on resource provider "
            f"'{provider_uuid}' invalid."
        )
    if amount < inventory.min_unit or amount > inventory.max_unit or amount % inventory.step_size:
        raise Conflict(
            f"Unable to allocate inventory: The requested amount {amount} of {name} violates "
            f"min_unit, "
            f"max_unit, or step_size."
        )


def reshape(
    deps: Deps, inventories: Mapping[str, Any], requests: Mapping[str, Mapping[str, Any]]
) -> None:
    """Move inventories and allocations between providers at once: nothing is without a place in
    between."""
    with deps.db.write() as session:
        rows = {}
        for uuid, wish in inventories.items():
            rows[uuid] = provider(session, uuid, generation=wish["resource_provider_generation"])
        known = allocations.consumers(session, list(requests))
        for uuid, one in requests.items():
            _check_consumer(uuid, one, known.get(uuid))
        # first what is new, then the allocations, then what is gone: each step keeps used
        # within capacity
        for uuid, wish in inventories.items():
            for name, values in wish["inventories"].items():
                check_class(session, name)
                set_inventory(session, rows[uuid], name, values)
        session.flush()
        for uuid, one in requests.items():
            _replace(session, uuid, one)
        session.expire_all()
        for uuid, wish in inventories.items():
            set_inventories(
                session, placement.provider(session, uuid) or rows[uuid], wish["inventories"]
            )


def set_traits(
    deps: Deps, uuid: str, generation: int, traits: list[str]
) -> tuple[Provider, list[str]]:
    "Make a provider's traits exactly these. Raises BadRequest for one that does not exist."
    with deps.db.write() as session:
        row = provider(session, uuid, generation=generation)
        known = standard_traits() | set(placement.custom_traits(session))
        unknown = sorted(set(traits) - known)
        if unknown:
            raise BadRequest(f"No such trait {', '.join(unknown)}")
        placement.set_traits(session, row, traits)
        placement.bump(row)
        return row, sorted(set(traits))


def check_uuid(uuid: str) -> str:
    "A uuid in a path or query. Raises BadRequest."
    if not is_uuid(uuid):
        raise BadRequest(f"Expected 'uuid', got {uuid}")
    return uuid
