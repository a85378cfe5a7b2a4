"""Domains whose users and groups are kept in a directory (LDAP).

The directory says who is in it and whether a password is right. A row stands here for each user and
group that was seen, so that roles, tokens, trusts and credentials work as for everybody. Rows are
brought up to date when the user logs in and when users or groups of the domain are listed; nothing
is ever written to the directory. Ids are those that Keystone gives the same entries.

A user of such a domain who has a password here is checked here.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from identity.core import Deps, revocation
from identity.core import domain_options as options
from identity.core.ldap import Ldap, Person, Team
from identity.errors import AuthRefused, Busy, NotAllowed
from identity.store import Session, accounts, rows
from identity.store import directory as store
from identity.store.models import DirectoryEntry, Group, Membership, User
from identity.store.types import Account

LOG = logging.getLogger(__name__)
AT_ONCE = 16
"Calls to one directory by one process: one that is slow must not take every thread."
FRESH_S = 30
"Seconds for which a list of everything in a directory is not read again."


class Directory:
    "The directory of one domain."

    def __init__(self, domain_id: str, domain_name: str, ldap: Ldap) -> None:
        self.domain_id, self.domain_name, self.ldap = domain_id, domain_name, ldap
        self.gate = threading.BoundedSemaphore(AT_ONCE)
        self.read_at = dict.fromkeys(("user", "group"), 0.0)

    def id_of(self, kind: str, local_id: str) -> str:
        "The id of an entry."
        return hashlib.sha256(f"{self.domain_id}{kind}{local_id}".encode()).hexdigest()

    def ask(self, method: str, *values: Any, **named: Any) -> Any:
        "Call the directory. Raises Busy, DirectoryUnreachable."
        if not self.gate.acquire(timeout=1):
            raise Busy()
        try:
            return getattr(self.ldap, method)(*values, **named)
        finally:
            self.gate.release()


class Directories:
    "The directories of all domains, as the configuration is now. Thread-safe."

    def __init__(self) -> None:
        self._stamp, self._by_id = 0, {}  # type: tuple[int, dict[str, Directory]]

    def all(self, deps: Deps) -> Mapping[str, Directory]:
        "By domain; costs nothing as long as no domain has one."
        stamp = deps.memory.stamp("directories")
        if stamp != self._stamp:
            with deps.db.read() as session:
                found = store.configured(session)
            made = (_made(deps, i, name, given) for i, name, given in found)
            self._by_id = {d.domain_id: d for d in made if d is not None}
            self._stamp = stamp
        return self._by_id


def _made(deps: Deps, domain_id: str, name: str, given: dict[str, Any]) -> Directory | None:
    try:
        for group, option in options.SECRET:
            if group == "ldap" and given.get(option) is not None:
                given[option] = deps.vault.decrypt(given[option])
        return Directory(domain_id, name, Ldap(options.settings("ldap", given)))
    except (ValueError, KeyError) as error:  # one domain's fault must not be everybody's
        LOG.error("the directory of domain %s cannot be used: %s", domain_id, error)
        return None


def of_domain(deps: Deps, domain_id: str | None) -> Directory | None:
    "The directory of a domain, if it has one."
    return deps.directories.all(deps).get(domain_id or "")


def of_login(deps: Deps, user: dict[str, Any], account: Account | None) -> Directory | None:
    "The directory that must check the password of a login: `user` as named, and if known here."
    known = deps.directories.all(deps)
    if not known:
        return None
    if account is not None:
        return None if account.password_hash else known.get(account.domain_id)
    domain = user.get("domain") or {}
    if domain.get("id") is not None:
        return known.get(domain["id"])
    return next((d for d in known.values() if d.domain_name == domain.get("name")), None)


def check(
    deps: Deps, found: Directory, user: dict[str, Any], account: Account | None, password: str
) -> Account:
    """The account of a user of the directory, if the password is theirs; their row and groups are
    brought up to date. Raises AuthRefused, Busy, DirectoryUnreachable."""
    named: dict[str, Any] = {"name": user.get("name")}
    if named["name"] is None and account is not None:
        with deps.db.read() as session:
            entry = session.get(DirectoryEntry, account.user_id)
        if entry is None:
            raise AuthRefused("the user has no password and is not in the directory")
        named = {"local_id": entry.local_id}
    right = found.ask("login", password, **named)
    if right is None:
        raise AuthRefused("the directory knows no such user, or not with this password")
    person, teams = right
    user_id = deps.db.transact(lambda session: _logged_in(deps, session, found, person, teams))
    known = accounts.by_id(deps.db, user_id)
    if known is None:
        raise AuthRefused("no such user")
    return known


def refuse_change(deps: Deps, domain_id: str | None, row_id: str | None = None) -> None:
    """Raise NotAllowed for what is kept in a directory: a new user or group of its domain, or one
    that has an entry there."""
    found = of_domain(deps, domain_id)
    if found is None:
        return
    if row_id is not None:
        with deps.db.read() as session:
            if session.get(DirectoryEntry, row_id) is None:
                return
    raise NotAllowed(f"domain {domain_id} is kept in a directory, which is only read.")


# Lists


def refresh(deps: Deps, kind: str, domain_id: str | None, name: str | None = None) -> None:
    """Bring the users or groups (`kind`) of a domain up to date before they are listed; only those
    with a name, if one is given. Raises Busy, DirectoryUnreachable."""
    found = of_domain(deps, domain_id)
    if found is None or (name is None and time.monotonic() - found.read_at[kind] < FRESH_S):
        return
    started = time.monotonic()
    if kind == "user":
        seen = found.ask("people", name)
        deps.db.transact(lambda session: _put_people(deps, session, found, seen, name))
    else:
        teams = found.ask("teams", name)
        deps.db.transact(lambda session: _put_teams(session, found, teams, name))
    if name is None:
        found.read_at[kind] = started


def refresh_members(deps: Deps, group: Group | None) -> None:
    "Bring up to date who is in a group of a directory. Raises Busy, DirectoryUnreachable."
    found = of_domain(deps, group.domain_id) if group else None
    if found is None or group is None:
        return
    with deps.db.read() as session:
        entry = session.get(DirectoryEntry, group.id)
    if entry is None:
        return
    people = found.ask("members", entry.local_id)

    def work(session: Session) -> None:
        now = set(_put_people(deps, session, found, people, ""))
        before = store.memberships(session, found.domain_id, group_id=group.id)
        for user_id in now - before:
            rows.add(session, Membership(user_id=user_id, group_id=group.id, idp_id=""))
        for user_id in before - now:
            rows.remove(session, Membership, user_id=user_id, group_id=group.id, idp_id="")
            revocation.revoke(deps, session, f"user:{user_id}")

    deps.db.transact(work)


# Rows


def _logged_in(
    deps: Deps, session: Session, found: Directory, person: Person, teams: list[Team]
) -> str:
    (user_id,) = _put_people(deps, session, found, [person], person.name)
    now = set(_put_teams(session, found, teams, ""))
    before = store.memberships(session, found.domain_id, user_id=user_id)
    for group_id in now - before:
        rows.add(session, Membership(user_id=user_id, group_id=group_id, idp_id=""))
    if gone := before - now:
        rows.remove(session, Membership, user_id=user_id, group_id=sorted(gone), idp_id="")
    return user_id


def _put_people(
    deps: Deps, session: Session, found: Directory, people: Sequence[Person], name: str | None
) -> list[str]:
    """Rows for these users; without a name they are all there are, and others are switched off.
    Returns their ids."""
    known = _rows(session, found, "user", User, None if name is None else people)
    ids = []
    for person in people:
        user = known.pop(person.local_id, None)
        if user is None:
            user = _new_user(session, found, person)
        changed = _changed(session, user, person)
        for attribute, value in changed.items():
            setattr(user, attribute, value)
        if changed.get("enabled") is False:
            revocation.revoke(deps, session, f"user:{user.id}")
        ids.append(user.id)
    if name is None:
        for user in known.values():
            if user.enabled:
                user.enabled = False
                revocation.revoke(deps, session, f"user:{user.id}")
    session.flush()
    return ids


def _changed(session: Session, user: User, person: Person) -> dict[str, Any]:
    login: str | None = person.name
    if user.login != login:  # is it one who is kept here, or who had the name before?
        taken = rows.find(session, User, domain_id=user.domain_id, login=login)
        login = None if taken is not None and taken.id != user.id else login
    extra = {k: v for k, v in user.extra.items() if k != "email"}
    if person.email is not None:
        extra["email"] = person.email
    wanted = {
        "name": person.name,
        "login": login,
        "enabled": person.enabled,
        "description": person.description,
        "default_project_id": person.default_project_id,
        "extra": extra,
    }
    return {name: value for name, value in wanted.items() if getattr(user, name) != value}


def _new_user(session: Session, found: Directory, person: Person) -> User:
    user = User(
        id=found.id_of("user", person.local_id),
        name=person.name,
        domain_id=found.domain_id,
        enabled=person.enabled,
        options={},
        extra={},
        failed_count=0,
    )
    rows.add(session, user)
    rows.add(session, _entry(found, "user", person.local_id))
    return user


def _put_teams(
    session: Session, found: Directory, teams: Sequence[Team], name: str | None
) -> list[str]:
    "Rows for these groups; without a name they are all there are, and others lose their members."
    known = _rows(session, found, "group", Group, None if name is None else teams)
    ids = []
    for team in teams:
        group = known.pop(team.local_id, None)
        if group is None:
            group = Group(
                id=found.id_of("group", team.local_id),
                name=_free_name(session, found, team),
                domain_id=found.domain_id,
                extra={},
            )
            rows.add(session, group)
            rows.add(session, _entry(found, "group", team.local_id))
        if group.description != team.description:
            group.description = team.description
        if group.name != team.name:
            group.name = _free_name(session, found, team)
        ids.append(group.id)
    if name is None and known:
        rows.remove(session, Membership, group_id=[group.id for group in known.values()])
    session.flush()
    return ids


def _free_name(session: Session, found: Directory, team: Team) -> str:
    taken = rows.find(session, Group, domain_id=found.domain_id, name=team.name)
    return team.name if taken is None else f"{team.name[:180]} ({team.local_id[:70]})"


def _entry(found: Directory, kind: str, local_id: str) -> DirectoryEntry:
    return DirectoryEntry(
        id=found.id_of(kind, local_id), domain_id=found.domain_id, kind=kind, local_id=local_id
    )


def _rows(
    session: Session, found: Directory, kind: str, model: Any, wanted: Sequence[Any] | None
) -> dict[str, Any]:
    "The rows of a kind that are here, by what the directory calls them."
    local_ids = None if wanted is None else [entry.local_id for entry in wanted]
    entries = store.entries(session, found.domain_id, kind, local_ids)
    local = {entry.id: entry.local_id for entry in entries}
    return {local[row.id]: row for row in rows.by_keys(session, model, local)}
