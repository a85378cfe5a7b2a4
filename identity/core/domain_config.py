"""Configuration of single domains: kept, shown, changed.

A domain whose `identity` `driver` is `ldap` has its users in a directory (`core.directory`).
Source: Identity API v3, "Domain configuration".
"""

from __future__ import annotations

from typing import Any

from common.context import Context
from identity.core import Deps, audit, projects
from identity.core import domain_options as options
from identity.errors import DomainConfigRefused, NoDomainConfig, NoSuch
from identity.store import Session, rows
from identity.store.models import DomainConfig

Config = dict[str, Any]


def get(deps: Deps, domain_id: str, group: str | None = None, option: str | None = None) -> Config:
    """The configuration of a domain, of one group of it, or `{option: value}`; never secrets.
    Raises NoSuch (the domain), NoDomainConfig, DomainConfigRefused."""
    if group is not None:
        options.check(group, option)
    with deps.db.read() as session:
        projects.load(session, domain_id, domain=True)
        return _shown(session, domain_id, group, option)


def _shown(session: Session, domain_id: str, group: str | None, option: str | None) -> Config:
    wanted = {k: v for k, v in (("group", group), ("option", option)) if v is not None}
    found = _public(session, domain_id, **wanted)
    if not found:
        raise NoDomainConfig(_named(group, option), domain_id)
    return found[group] if group is not None and option is not None else found


def _public(session: Session, domain_id: str, **wanted: str) -> Config:
    found: Config = {}
    for row in rows.every(session, DomainConfig, domain_id=domain_id, **wanted):
        if (row.group, row.option) not in options.SECRET:
            found.setdefault(row.group, {})[row.option] = row.value
    return found


def _named(group: str | None, option: str | None) -> str:
    if option is not None:
        return f"option {option} in group {group}"
    return f"group {group}" if group is not None else "any options"


def default(group: str | None = None, option: str | None = None) -> Config:
    "What holds where a domain says nothing, in the same forms as `get`. Raises as it."
    if group is None:
        return {name: options.shown(name) for name in options.DEFAULTS}
    options.check(group, option)
    found = options.shown(group, option)
    if option is not None:
        if not found:
            raise DomainConfigRefused(f"{option} is secret.")
        return found
    return {group: found}


def password_rules(deps: Deps, domain_id: str, option: str | None = None) -> Config:
    "The rules for passwords that everybody may know. Raises NoSuch, DomainConfigRefused."
    projects.get(deps, domain_id, domain=True)
    names = ("password_regex", "password_regex_description")
    if option is not None and option not in names:
        raise DomainConfigRefused(f"{option} is not for everybody to know.")
    rules = {name: deps.config.security_compliance[name] for name in names}
    return {option: rules[option]} if option is not None else {"security_compliance": rules}


def replace(deps: Deps, ctx: Context, domain_id: str, given: Config) -> tuple[Config, bool]:
    """Make this the whole configuration of a domain; returns it, and whether there was none before.
    Raises NoSuch, DomainConfigRefused."""
    _check(given)
    with deps.db.write() as session:
        projects.load(session, domain_id, domain=True)
        new = not rows.remove(session, DomainConfig, domain_id=domain_id)
        _put(deps, session, domain_id, given)
        shown = _public(session, domain_id)
    _changed(deps, ctx, "created" if new else "updated", domain_id)
    return shown, new


def update(
    deps: Deps,
    ctx: Context,
    domain_id: str,
    given: Config,
    group: str | None = None,
    option: str | None = None,
) -> Config:
    """Change options: `given` is `{group: {option: value}}`, or `{option: value}` where one option
    is named. What is named must be there, and nothing else may be given. Returns the whole
    configuration. Raises NoSuch, NoDomainConfig, DomainConfigRefused."""
    if group is not None and option is not None:
        options.check(group, option)
        if set(given) != {option}:
            raise DomainConfigRefused(f"exactly the option {option} must be given.")
        given = {group: given}
    elif group is not None:
        options.check(group)
        if set(given) != {group}:
            raise DomainConfigRefused(f"exactly the group {group} must be given.")
    _check(given)
    with deps.db.write() as session:
        projects.load(session, domain_id, domain=True)
        _need(session, domain_id, group, option)
        _put(deps, session, domain_id, given)
        shown = _public(session, domain_id)
    _changed(deps, ctx, "updated", domain_id)
    return shown


def delete(
    deps: Deps, ctx: Context, domain_id: str, group: str | None = None, option: str | None = None
) -> None:
    "Forget the configuration, a group, or an option. Raises NoSuch, NoDomainConfig."
    if group is not None:
        options.check(group, option)
    with deps.db.write() as session:
        projects.load(session, domain_id, domain=True)
        _need(session, domain_id, group, option)
        wanted = {k: v for k, v in (("group", group), ("option", option)) if v is not None}
        rows.remove(session, DomainConfig, domain_id=domain_id, **wanted)
        rows.bump(session, "directories")
    _changed(deps, ctx, "deleted", domain_id)


def _check(given: Config) -> None:
    if not given:
        raise DomainConfigRefused("no options are given.")
    for group, values in given.items():
        options.check(group)
        if not isinstance(values, dict) or not values:
            raise DomainConfigRefused(f"the group {group} has no options.")
        for option, value in values.items():
            options.check_value(group, option, value)


def _need(session: Session, domain_id: str, group: str | None, option: str | None) -> None:
    wanted = {k: v for k, v in (("group", group), ("option", option)) if v is not None}
    if rows.find(session, DomainConfig, domain_id=domain_id, **wanted) is None:
        raise NoDomainConfig(_named(group, option), domain_id)


def _put(deps: Deps, session: Session, domain_id: str, given: Config) -> None:
    for group, values in given.items():
        for option, value in values.items():
            if (group, option) in options.SECRET and value is not None:
                value = deps.vault.encrypt(str(value))
            row = session.get(DomainConfig, (domain_id, group, option))
            if row is None:
                session.add(
                    DomainConfig(domain_id=domain_id, group=group, option=option, value=value)
                )
            else:
                row.value = value
    rows.flush(session, lambda: NoSuch("domain", domain_id))
    rows.bump(session, "directories")


def _changed(deps: Deps, ctx: Context, operation: str, domain_id: str) -> None:
    deps.memory.refresh()
    audit.changed(deps, ctx, "domain_config", operation, domain_id)
