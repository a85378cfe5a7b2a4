"Which domains have a directory, and the rows that stand for what is in it."

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from identity.store.models import DirectoryEntry, DomainConfig, Membership, Project


def configured(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    "(id, name, options of `ldap`) of each domain whose driver is ldap; secrets are encrypted."
    driver = select(DomainConfig.domain_id).where(
        DomainConfig.group == "identity", DomainConfig.option == "driver"
    )
    domains = session.execute(
        select(
            Project.id, Project.name, DomainConfig.group, DomainConfig.option, DomainConfig.value
        )
        .join(DomainConfig, DomainConfig.domain_id == Project.id)
        .where(Project.id.in_(driver))
    ).tuples()
    names: dict[str, str] = {}
    drivers: dict[str, Any] = {}
    options: dict[str, dict[str, Any]] = {}
    for domain_id, name, group, option, value in domains:
        names[domain_id] = name
        if group == "ldap":
            options.setdefault(domain_id, {})[option] = value
        elif option == "driver":
            drivers[domain_id] = value
    return [(i, names[i], options.get(i, {})) for i, d in drivers.items() if d == "ldap"]


def entries(
    session: Session, domain_id: str, kind: str, local_ids: Iterable[str] | None = None
) -> Sequence[DirectoryEntry]:
    "The entries of one kind, or those of them that the directory calls so."
    query = select(DirectoryEntry).where(
        DirectoryEntry.domain_id == domain_id, DirectoryEntry.kind == kind
    )
    if local_ids is None:
        return session.scalars(query).all()
    wanted = sorted(set(local_ids))
    found: list[DirectoryEntry] = []
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        found += session.scalars(query.where(DirectoryEntry.local_id.in_(chunk))).all()
    return found


def memberships(
    session: Session, domain_id: str, *, user_id: str = "", group_id: str = ""
) -> set[str]:
    "Ids of the directory's groups that a user is in here, or of its users who are in a group."
    if user_id:
        mine, other, kind = Membership.user_id == user_id, Membership.group_id, "group"
    else:
        mine, other, kind = Membership.group_id == group_id, Membership.user_id, "user"
    kept = select(DirectoryEntry.id).where(
        DirectoryEntry.domain_id == domain_id, DirectoryEntry.kind == kind
    )
    query = select(other).where(mine, Membership.idp_id == "", other.in_(kept))
    return set(session.scalars(query))
