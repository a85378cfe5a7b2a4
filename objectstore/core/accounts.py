"""Accounts: made when their owner first writes, exact totals, metadata, quotas, ACL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.core import Deps, clock, metadata
from objectstore.errors import AccountNotFound, ContainerNotEmpty
from objectstore.store import Session, accounts
from objectstore.store.listing import Query


@dataclass(slots=True)
class Totals:
    "What an account holds, in all and by storage policy."

    containers: int
    objects: int
    bytes: int
    by_policy: list[tuple[int, int, int, int]]


@dataclass(slots=True)
class AccountInfo:
    "An account; one that nobody wrote to yet is empty and has no time of its own."

    name: str
    created: int
    meta: dict[str, str]
    sysmeta: dict[str, Any]
    exists: bool = True


def get(deps: Deps, name: str) -> AccountInfo:
    "The account, or what one would be that is not there yet."
    with deps.db.read() as session:
        account = accounts.get(session, name)
    if account is None:
        return AccountInfo(name, clock.now(), {}, {}, False)
    return AccountInfo(name, account.created, account.meta, account.sysmeta)


def totals(deps: Deps, name: str) -> Totals:
    "Exact sums."
    with deps.db.read() as session:
        rows = accounts.totals(session, name)
    return Totals(sum(r[1] for r in rows), sum(r[2] for r in rows), sum(r[3] for r in rows), rows)


def list_containers(deps: Deps, name: str, query: Query) -> list[Any]:
    "Rows (name, objects, bytes, changed, policy) and Subdirs."
    with deps.db.read() as session:
        return accounts.containers(session, name, query)


def update(
    deps: Deps, name: str, meta: dict[str, str], quota: dict[str, str], acl: dict[str, Any] | None
) -> bool:
    """Set metadata, quotas (an empty value removes) and the ACL; True when the account was made by
    that. Raises
    InvalidHeader beyond the limits."""

    def work(session: Session) -> bool:
        known = accounts.get(session, name) is not None
        account = accounts.ensure(session, name, clock.now())
        account.meta = metadata.merged(account.meta, meta, "Account")
        sysmeta = dict(account.sysmeta)
        if acl is not None:
            sysmeta["acl"] = acl
        if quota:
            sysmeta["quota"] = {
                k: v for k, v in {**sysmeta.get("quota", {}), **quota}.items() if v != ""
            }
        account.sysmeta = sysmeta
        return not known

    return deps.committer.run(work)


def delete(deps: Deps, name: str) -> None:
    "Forget an account. Raises AccountNotFound, or ContainerNotEmpty while it has containers."

    def work(session: Session) -> None:
        account = accounts.get(session, name)
        if account is None:
            raise AccountNotFound()
        if accounts.totals(session, name):
            raise ContainerNotEmpty("The account still has containers.")
        accounts.remove(session, account)

    deps.committer.run(work)
