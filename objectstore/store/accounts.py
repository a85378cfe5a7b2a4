"""Accounts, and the containers in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from objectstore.store import listing
from objectstore.store.models import Account, Container


def get(session: Session, name: str) -> Account | None:
    "The account, if it exists."
    return session.get(Account, name)


def ensure(session: Session, name: str, now: int) -> Account:
    "The account, made if need be; locked until the transaction ends."
    account = session.get(Account, name, with_for_update=True)
    if account is None:
        account = Account(name=name, created=now, meta={}, sysmeta={})
        session.add(account)
        session.flush()
    return account


def totals(session: Session, name: str) -> list[tuple[int, int, int, int]]:
    """(policy, containers, objects, bytes) for each storage policy in use; older versions count as
    bytes and objects."""
    rows = session.execute(
        select(
            Container.policy,
            func.count(),
            func.sum(Container.objects + Container.version_objects),
            func.sum(Container.bytes + Container.version_bytes),
        )
        .where(Container.account == name)
        .group_by(Container.policy)
    )
    return [(int(p), int(c), int(o or 0), int(b or 0)) for p, c, o, b in rows]


def containers(session: Session, name: str, query: listing.Query) -> list[Any]:
    "Rows (name, objects, bytes, changed, policy) and Subdirs."
    statement = select(
        Container.name,
        Container.objects + Container.version_objects,
        Container.bytes + Container.version_bytes,
        Container.changed,
        Container.policy,
    ).where(Container.account == name)
    return listing.read(session, statement, Container.__table__.c.name, query)


def remove(session: Session, account: Account) -> None:
    "Forget an empty account."
    session.delete(account)
