"""GET /v3/role_assignments: who has which role where, as granted or in effect.

*In effect* means: groups replaced by their users, inherited grants by the projects below, implied
roles added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.context import Context
from identity.core import Deps
from identity.core.listing import flag
from identity.errors import Invalid, NoSuch
from identity.store import Session, rows
from identity.store import assignments as store
from identity.store import projects as project_store
from identity.store.models import Assignment, Group, Project, Role, User


@dataclass(frozen=True)
class Shown:
    "One line of the list."

    actor_kind: str
    actor_id: str
    target_kind: str
    target_id: str
    role_id: str
    inherited: bool = False
    """Whether it is a grant to what is below."""
    source: Assignment | None = None
    via_group: str | None = None
    prior_role: str | None = None


@dataclass(frozen=True)
class Wanted:
    "The filters of a query."

    user: str | None
    group: str | None
    role: str | None
    project: str | None
    domain: str | None
    system: bool
    inherited: bool | None
    effective: bool
    subtree: bool


def parse(args: Mapping[str, str]) -> Wanted:
    "Filters that go together. Raises Invalid for those that do not."
    inherited = args.get("scope.OS-INHERIT:inherited_to")
    if inherited not in (None, "projects"):
        raise Invalid("scope.OS-INHERIT:inherited_to", "it must be projects.")
    wanted = Wanted(
        args.get("user.id"),
        args.get("group.id"),
        args.get("role.id"),
        args.get("scope.project.id"),
        args.get("scope.domain.id"),
        "scope.system" in args,
        True if inherited else None,
        flag(args, "effective"),
        flag(args, "include_subtree"),
    )
    if wanted.user and wanted.group:
        raise Invalid("group.id", "it excludes user.id.")
    if wanted.domain and wanted.project:
        raise Invalid("scope.project.id", "it excludes scope.domain.id.")
    if wanted.system and (wanted.domain or wanted.project):
        raise Invalid("scope.system", "it excludes other scopes.")
    if wanted.effective and wanted.group:
        raise Invalid("group.id", "it excludes effective.")
    if wanted.effective and wanted.inherited and wanted.domain:
        raise Invalid("scope.OS-INHERIT:inherited_to", "it excludes effective with a domain.")
    if wanted.subtree and not wanted.project:
        raise Invalid("include_subtree", "it needs scope.project.id.")
    return wanted


def listed(deps: Deps, ctx: Context, args: Mapping[str, str]) -> tuple[list[Shown], dict[str, Any]]:
    "The lines of the list, and by id whatever is named in them where names are wanted."
    wanted = parse(args)
    with deps.db.read() as session:
        _enforce(ctx, session, wanted)
        lines = list(
            _effective(deps, session, wanted) if wanted.effective else _granted(session, wanted)
        )
        if ctx.domain_id and not ctx.is_admin:
            lines = _in_domain(session, lines, ctx.domain_id)
        return lines, _names(session, lines) if flag(args, "include_names") else {}


def _enforce(ctx: Context, session: Session, wanted: Wanted) -> None:
    if wanted.subtree and wanted.project:
        project = session.get(Project, wanted.project)
        ctx.enforce(
            "identity:list_role_assignments_for_tree",
            {"target.domain_id": project.domain_id if project else None},
        )
        if project is None:
            raise NoSuch("project", wanted.project)
    else:
        ctx.enforce("identity:list_role_assignments", {"target.domain_id": ctx.domain_id})


def _in_domain(session: Session, lines: list[Shown], domain_id: str) -> list[Shown]:
    inside = {p.id for p in project_store.in_domain(session, domain_id)} | {domain_id}
    return [line for line in lines if line.target_id in inside]


def _targets(session: Session, wanted: Wanted) -> set[str] | None:
    if wanted.system:
        return {"all"}
    if wanted.domain:
        return {wanted.domain}
    if not wanted.project:
        return None
    found = {wanted.project}
    if wanted.subtree:
        found |= {
            p.id
            for p in project_store.below(
                session, rows.get(session, Project, wanted.project, "project")
            )
        }
    return found


def _granted(session: Session, wanted: Wanted) -> Iterator[Shown]:
    kind, actor = (
        ("user", wanted.user)
        if wanted.user
        else ("group", wanted.group)
        if wanted.group
        else (None, None)
    )
    for a in store.matching(
        session,
        actor_kind=kind,
        actor_id=actor,
        role_id=wanted.role,
        target_id=_targets(session, wanted),
        inherited=wanted.inherited,
    ):
        yield Shown(a.actor_kind, a.actor_id, a.target_kind, a.target_id, a.role_id, a.inherited, a)


def _effective(deps: Deps, session: Session, wanted: Wanted) -> Iterator[Shown]:
    targets = _targets(session, wanted)
    sources = set(targets) if targets is not None else None
    if sources is not None and not wanted.system:
        for place in project_store.by_ids(session, list(sources)):
            sources |= set(place.ancestor_ids)
    grants = list(store.matching(session, target_id=sources))
    members = store.group_members(session, {a.actor_id for a in grants if a.actor_kind == "group"})
    seen = set()
    for a in grants:
        for place_kind, place_id in _places(session, a, targets):
            for line in _expanded(deps, a, members, place_kind, place_id):
                key = (line.actor_id, line.target_id, line.role_id)
                if _fits(line, a, wanted) and key not in seen:
                    seen.add(key)
                    yield line


def _places(session: Session, a: Assignment, targets: set[str] | None) -> list[tuple[str, str]]:
    "Where a grant holds, among the targets asked for."
    if not a.inherited:
        return [(a.target_kind, a.target_id)] if targets is None or a.target_id in targets else []
    top = session.get(Project, a.target_id)
    below = [p.id for p in project_store.below(session, top)] if top is not None else []
    return [("project", i) for i in below if targets is None or i in targets]


def _expanded(
    deps: Deps, a: Assignment, members: dict[str, list[str]], kind: str, place_id: str
) -> Iterator[Shown]:
    known = deps.memory.roles()
    users = (
        [(a.actor_id, None)]
        if a.actor_kind == "user"
        else [(u, a.actor_id) for u in members.get(a.actor_id, ())]
    )
    role = known.get(a.role_id)
    for user_id, group_id in users:
        base = Shown("user", user_id, kind, place_id, a.role_id, False, a, group_id)
        for role_id in role.implies if role else (a.role_id,):
            if known[role_id].domain_id:
                continue
            yield (
                base
                if role_id == a.role_id
                else replace(base, role_id=role_id, prior_role=a.role_id)
            )


def _fits(line: Shown, a: Assignment, wanted: Wanted) -> bool:
    return (
        (wanted.user is None or line.actor_id == wanted.user)
        and (wanted.role is None or line.role_id == wanted.role)
        and (wanted.inherited is None or a.inherited)
    )


def _names(session: Session, lines: list[Shown]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    wanted = {model: set() for model in (User, Group, Project, Role)}  # type: ignore[var-annotated]
    for line in lines:
        wanted[User if line.actor_kind == "user" else Group].add(line.actor_id)
        wanted[Project].add(line.target_id)
        wanted[Role].update({line.role_id, line.prior_role} - {None})
    for model, ids in wanted.items():
        found = rows.by_keys(session, model, ids)
        named.update({row.id: row for row in found})
    domains = {row.domain_id for row in named.values() if row.domain_id} - named.keys()
    named.update({row.id: row for row in rows.by_keys(session, Project, domains)})
    return named
