"""Claims: who holds how much of what. The only code that changes `Inventory.used`.

Taking is a conditional UPDATE of the inventory row, so two claims at the same moment cannot
both get the last of it, and what is used is always the sum of the allocations: both change in
one transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from compute.store.models import Allocation, Consumer, Inventory, Provider, now

Held = Mapping[int, Mapping[str, int]]
"""provider id -> resource class -> amount"""


class NoRoom(Exception):
    "An inventory cannot give what was asked."

    def __init__(self, provider_id: int, resource_class: str, amount: int) -> None:
        super().__init__(provider_id, resource_class, amount)
        self.provider_id, self.resource_class, self.amount = provider_id, resource_class, amount


def held_by(session: Session, consumer: str) -> dict[int, dict[str, int]]:
    "What a consumer holds."
    out: dict[int, dict[str, int]] = {}
    for row in session.scalars(select(Allocation).where(Allocation.consumer_uuid == consumer)):
        out.setdefault(row.provider_id, {})[row.resource_class] = row.amount
    return out


def replace(
    session: Session,
    consumer: str,
    wanted: Held,
    *,
    project_id: str,
    user_id: str,
    consumer_type: str | None = "INSTANCE",
    new: bool = False,
) -> None:
    """Make what `consumer` holds exactly `wanted`; nothing wanted: the consumer is forgotten.

    Raises NoRoom where an inventory lacks, or does not have, what is wanted in addition; the
    caller's transaction must then be rolled back. `new` says that the consumer surely holds
    nothing yet.
    """
    held = {} if new else held_by(session, consumer)
    touched = _change(session, held, wanted)
    if held:
        session.execute(delete(Allocation).where(Allocation.consumer_uuid == consumer))
    _consumer(session, consumer, project_id, user_id, consumer_type, bool(wanted), new)
    rows = [
        {"consumer_uuid": consumer, "provider_id": p, "resource_class": rc, "amount": n}
        for p, classes in wanted.items()
        for rc, n in classes.items()
    ]
    if rows:
        session.execute(insert(Allocation), rows)
    if touched:
        session.execute(
            update(Provider)
            .where(Provider.id.in_(touched))
            .values(generation=Provider.generation + 1)
        )


def release(session: Session, consumer: str) -> None:
    "Give everything back."
    replace(session, consumer, {}, project_id="", user_id="")


def _change(session: Session, held: Held, wanted: Held) -> set[int]:
    touched = set()
    # in one order everywhere, so that two claims never wait for each other
    for provider in sorted(held.keys() | wanted.keys()):
        before, after = held.get(provider, {}), wanted.get(provider, {})
        for name in sorted(before.keys() | after.keys()):
            delta = after.get(name, 0) - before.get(name, 0)
            touched.add(provider)
            if delta:
                _add(session, provider, name, delta)
    return touched


def _add(session: Session, provider: int, name: str, delta: int) -> None:
    change = (
        update(Inventory)
        .where(Inventory.provider_id == provider, Inventory.resource_class == name)
        .values(used=Inventory.used + delta)
    )
    if delta > 0:
        change = change.where(
            (Inventory.total - Inventory.reserved) * Inventory.allocation_ratio
            >= Inventory.used + delta
        )
    done = session.execute(change.execution_options(synchronize_session=False))
    if not done.rowcount and delta > 0:  # type: ignore[attr-defined]
        raise NoRoom(provider, name, delta)


def _consumer(
    session: Session,
    uuid: str,
    project_id: str,
    user_id: str,
    kind: str | None,
    holds: bool,
    new: bool,
) -> None:
    row = None if new else session.get(Consumer, uuid)
    if not holds:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(
            Consumer(
                uuid=uuid, project_id=project_id, user_id=user_id, consumer_type=kind, generation=1
            )
        )
    else:
        row.project_id, row.user_id, row.generation = project_id, user_id, row.generation + 1
        row.consumer_type, row.updated_at = kind, now()
    session.flush()


def move_consumer(
    session: Session,
    source: str,
    target: str,
    *,
    project_id: str,
    user_id: str,
    consumer_type: str = "MIGRATION",
) -> None:
    "Hand all that `source` holds to the new consumer `target`: a resize keeps its old place so."
    session.add(
        Consumer(
            uuid=target,
            project_id=project_id,
            user_id=user_id,
            consumer_type=consumer_type,
            generation=1,
        )
    )
    session.flush()
    session.execute(
        update(Allocation)
        .where(Allocation.consumer_uuid == source)
        .values(consumer_uuid=target)
        .execution_options(synchronize_session=False)
    )
    row = session.get(Consumer, source)
    if row is not None:
        session.delete(row)
        session.flush()


def consumers(session: Session, uuids: Sequence[str]) -> dict[str, Consumer]:
    "Consumers by uuid."
    if not uuids:
        return {}
    return {c.uuid: c for c in session.scalars(select(Consumer).where(Consumer.uuid.in_(uuids)))}


def of_provider(session: Session, provider_id: int) -> dict[str, dict[str, int]]:
    "consumer -> resource class -> amount."
    out: dict[str, dict[str, int]] = {}
    for row in session.scalars(select(Allocation).where(Allocation.provider_id == provider_id)):
        out.setdefault(row.consumer_uuid, {})[row.resource_class] = row.amount
    return out


def totals(
    session: Session, project_id: str, user_id: str | None = None, by_type: bool = False
) -> list[tuple[str | None, str, int, int]]:
    "(consumer type, resource class, sum, consumers) of a project."
    columns: list[Any] = [
        Consumer.consumer_type if by_type else func.min(Consumer.consumer_type),
        Allocation.resource_class,
        func.sum(Allocation.amount),
        func.count(func.distinct(Allocation.consumer_uuid)),
    ]
    query = (
        select(*columns)
        .join(Consumer, Consumer.uuid == Allocation.consumer_uuid)
        .where(Consumer.project_id == project_id)
    )
    if user_id:
        query = query.where(Consumer.user_id == user_id)
    keys = (
        [Consumer.consumer_type, Allocation.resource_class]
        if by_type
        else [Allocation.resource_class]
    )
    return [(r[0], r[1], int(r[2]), int(r[3])) for r in session.execute(query.group_by(*keys))]


def orphans(session: Session, known: set[str], consumer_type: str = "INSTANCE") -> list[str]:
    "Consumers of a type that are not in `known`."
    rows = session.scalars(select(Consumer.uuid).where(Consumer.consumer_type == consumer_type))
    return [u for u in rows if u not in known]
