"Queries over resource providers: inventories, traits, aggregates, trees."

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from compute.store.models import (
    Allocation,
    Inventory,
    Provider,
    ProviderAggregate,
    ProviderTrait,
    ResourceClass,
    Trait,
    now,
)


def provider(session: Session, uuid: str, lock: bool = False) -> Provider | None:
    "One provider."
    query = select(Provider).where(Provider.uuid == uuid)
    return session.scalars(query.with_for_update() if lock else query).first()


def providers(session: Session, uuids: Iterable[str] | None = None) -> list[Provider]:
    "Providers by uuid, or all of them."
    query = select(Provider).order_by(Provider.id)
    if uuids is not None:
        query = query.where(Provider.uuid.in_(list(uuids)))
    return list(session.scalars(query))


def by_name(session: Session, name: str) -> Provider | None:
    "The provider with this name."
    return session.scalars(select(Provider).where(Provider.name == name)).first()


def create(session: Session, uuid: str, name: str, parent: Provider | None = None) -> Provider:
    "A new provider, its own root or below `parent`."
    row = Provider(
        uuid=uuid,
        name=name,
        parent_id=parent.id if parent else None,
        root_id=parent.root_id if parent else None,
    )
    session.add(row)
    session.flush()
    if parent is None:
        row.root_id = row.id
        session.flush()
    return row


def children(session: Session, row: Provider) -> list[Provider]:
    "Providers directly below."
    return list(session.scalars(select(Provider).where(Provider.parent_id == row.id)))


def tree(session: Session, root_ids: Iterable[int | None]) -> list[Provider]:
    "Every provider of these trees."
    return list(session.scalars(select(Provider).where(Provider.root_id.in_(list(root_ids)))))


def inventories(
    session: Session, provider_ids: Sequence[int] | None = None
) -> dict[int, dict[str, Inventory]]:
    "provider id -> resource class -> inventory."
    query = select(Inventory)
    if provider_ids is not None:
        query = query.where(Inventory.provider_id.in_(provider_ids))
    out: dict[int, dict[str, Inventory]] = {}
    for row in session.scalars(query.order_by(Inventory.resource_class)):
        out.setdefault(row.provider_id, {})[row.resource_class] = row
    return out


def set_inventory(session: Session, row: Provider, name: str, values: dict[str, Any]) -> Inventory:
    "Make or change one inventory; what is used of it stays."
    found = session.get(Inventory, (row.id, name))
    if found is None:
        found = Inventory(provider_id=row.id, resource_class=name, total=values["total"], used=0)
        session.add(found)
    for key, value in values.items():
        if getattr(found, key) != value:
            setattr(found, key, value)
    found.updated_at = now()
    return found


def drop_inventory(session: Session, row: Provider, names: Iterable[str]) -> list[str]:
    "Remove inventories; returns those that are in use and stay."
    found = session.scalars(
        select(Inventory).where(
            Inventory.provider_id == row.id, Inventory.resource_class.in_(list(names))
        )
    ).all()
    busy = [i.resource_class for i in found if i.used]
    if not busy:
        for one in found:
            session.delete(one)
    return busy


def bump(row: Provider) -> None:
    "The provider has changed."
    row.generation += 1
    row.updated_at = now()


def traits_of(session: Session, provider_ids: Sequence[int] | None = None) -> dict[int, set[str]]:
    "provider id -> traits."
    query = select(ProviderTrait)
    if provider_ids is not None:
        query = query.where(ProviderTrait.provider_id.in_(provider_ids))
    out: dict[int, set[str]] = {}
    for row in session.scalars(query):
        out.setdefault(row.provider_id, set()).add(row.trait)
    return out


def set_traits(session: Session, row: Provider, traits: Iterable[str]) -> None:
    "Make the traits of a provider exactly these."
    wanted = set(traits)
    have = traits_of(session, [row.id]).get(row.id, set())
    if have - wanted:
        session.execute(
            delete(ProviderTrait).where(
                ProviderTrait.provider_id == row.id, ProviderTrait.trait.in_(have - wanted)
            )
        )
    session.add_all(ProviderTrait(provider_id=row.id, trait=t) for t in wanted - have)
    session.flush()


def aggregates_of(
    session: Session, provider_ids: Sequence[int] | None = None
) -> dict[int, set[str]]:
    "provider id -> uuids of aggregates."
    query = select(ProviderAggregate)
    if provider_ids is not None:
        query = query.where(ProviderAggregate.provider_id.in_(provider_ids))
    out: dict[int, set[str]] = {}
    for row in session.scalars(query):
        out.setdefault(row.provider_id, set()).add(row.aggregate_uuid)
    return out


def set_aggregates(session: Session, row: Provider, uuids: Iterable[str]) -> None:
    "Make the aggregates of a provider exactly these."
    session.execute(delete(ProviderAggregate).where(ProviderAggregate.provider_id == row.id))
    session.add_all(ProviderAggregate(provider_id=row.id, aggregate_uuid=u) for u in set(uuids))
    session.flush()


def join_aggregate(session: Session, provider_uuid: str, aggregate_uuid: str, member: bool) -> None:
    "Put a provider into an aggregate or take it out; what does not exist is left alone."
    row = provider(session, provider_uuid)
    if row is None:
        return
    found = session.get(ProviderAggregate, (row.id, aggregate_uuid))
    if member and found is None:
        session.add(ProviderAggregate(provider_id=row.id, aggregate_uuid=aggregate_uuid))
    elif not member and found is not None:
        session.delete(found)


def custom_traits(session: Session) -> dict[str, Trait]:
    "Traits that clients made."
    return {t.name: t for t in session.scalars(select(Trait).order_by(Trait.name))}


def custom_classes(session: Session) -> dict[str, ResourceClass]:
    "Resource classes that clients made."
    return {c.name: c for c in session.scalars(select(ResourceClass).order_by(ResourceClass.name))}


def trait_in_use(session: Session, name: str) -> bool:
    "Whether a provider has the trait."
    return (
        session.scalars(select(ProviderTrait).where(ProviderTrait.trait == name).limit(1)).first()
        is not None
    )


def class_in_use(session: Session, name: str) -> bool:
    "Whether a provider has inventory of the class."
    return (
        session.scalars(select(Inventory).where(Inventory.resource_class == name).limit(1)).first()
        is not None
    )


def used_traits(session: Session) -> set[str]:
    "Traits that some provider has."
    return set(session.scalars(select(ProviderTrait.trait).distinct()))


def has_allocations(session: Session, provider_id: int) -> bool:
    "Whether somebody holds something of a provider."
    query = select(Allocation.consumer_uuid).where(Allocation.provider_id == provider_id).limit(1)
    return session.scalars(query).first() is not None


def remove(session: Session, row: Provider) -> None:
    "Delete a provider that nobody uses."
    for model in (Inventory, ProviderTrait, ProviderAggregate):
        session.execute(delete(model).where(model.provider_id == row.id))
    if row.root_id == row.id:
        row.root_id = None
        session.flush()
    session.delete(row)
    session.flush()


def sums(session: Session) -> dict[str, int]:
    "resource class -> amount held, summed over allocations: for the test that `used` never drifts."
    query = select(Allocation.resource_class, func.sum(Allocation.amount)).group_by(
        Allocation.resource_class
    )
    return {r[0]: int(r[1]) for r in session.execute(query)}


def search(
    session: Session,
    *,
    name: str | None = None,
    uuid: str | None = None,
    in_tree: str | None = None,
) -> list[Provider]:
    "Providers by what the list of the API filters on in the database."
    query = select(Provider).order_by(Provider.id)
    if name:
        query = query.where(Provider.name == name)
    if uuid:
        query = query.where(Provider.uuid == uuid)
    if in_tree:
        root = select(Provider.root_id).where(or_(Provider.uuid == in_tree))
        query = query.where(Provider.root_id.in_(root))
    return list(session.scalars(query))
