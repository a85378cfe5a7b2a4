"Projects and domains: trees, tags, what goes with one that is deleted."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, listing, resources, revocation
from identity.errors import Duplicate, InUse, Invalid, NoSuch, NotAllowed
from identity.store import Session, rows
from identity.store import assignments as assignment_store
from identity.store import projects as store
from identity.store.models import (
    ApplicationCredential,
    Credential,
    DomainConfig,
    Group,
    IdentityProvider,
    Limit,
    OAuthToken,
    Project,
    ProjectTag,
    Role,
    Trust,
    User,
)
from identity.store.types import Filter, Listing

KNOWN = ("name", "description", "enabled", "domain_id", "parent_id", "is_domain", "options", "tags")
_CHANGE = ("name", "description", "enabled", "options")


def target(project: Project) -> dict[str, Any]:
    "What policy rules look at."
    own = project.id if project.is_domain else project.domain_id
    return {
        "target.project.id": project.id,
        "target.project.domain_id": own,
        "target.domain.id": project.id,
        "target.domain_id": own,
    }


def get(deps: Deps, project_id: str, *, domain: bool = False) -> Project:
    "A project (domains can be read as projects too), or a domain. Raises NoSuch."
    with deps.db.read() as session:
        return load(session, project_id, domain=domain)


def load(session: Session, project_id: str, *, domain: bool = False) -> Project:
    "The same in a session."
    what = "domain" if domain else "project"
    project = rows.get(session, Project, project_id, what)
    if domain and not project.is_domain:
        raise NoSuch(what, project_id)
    return project


def list_projects(
    deps: Deps, ctx: Context, args: Mapping[str, str]
) -> tuple[list[Project], bool, dict[str, list[str]]]:
    "Projects for a query, whether there are more, and the tags of each."
    wanted, tags = _wanted(deps, ctx, args)
    domains = listing.flag(args, "is_domain")
    with deps.db.read() as session:
        found, more = store.projects(session, wanted, is_domain=domains, tags=tags)
        return found, more, store.tags(session, [p.id for p in found])


def list_as_json(deps: Deps, ctx: Context, args: Mapping[str, str], at: str) -> Any:
    """The JSON array of all projects for a query, each with its address below `at`, where the
    database can make it, else None: see `list_projects`."""
    wanted, tags = _wanted(deps, ctx, args)
    if listing.flag(args, "is_domain"):
        return None
    with deps.db.read() as session:
        return store.projects_as_json(session, wanted, tags, at)


def _wanted(
    deps: Deps, ctx: Context, args: Mapping[str, str]
) -> tuple[Listing, dict[str, list[str]]]:
    wanted = listing.parse(deps, args, "name domain_id parent_id", booleans="enabled")
    ctx.enforce("identity:list_projects", {"target.project.domain_id": ctx.domain_id})
    if ctx.domain_id:
        wanted = listing.narrowed(wanted, Filter("domain_id", "equals", ctx.domain_id))
    kinds = ("tags", "tags-any", "not-tags", "not-tags-any")
    return wanted, {kind: args[kind].split(",") for kind in kinds if args.get(kind)}


def list_domains(deps: Deps, ctx: Context, args: Mapping[str, str]) -> tuple[list[Project], bool]:
    "Domains for a query; a caller with a domain's token sees that one."
    ctx.enforce(
        "identity:list_domains", {"target.domain.id": ctx.domain_id} if ctx.domain_id else {}
    )
    wanted = listing.parse(deps, args, "name", booleans="enabled")
    if ctx.domain_id:
        wanted = listing.narrowed(wanted, Filter("id", "equals", ctx.domain_id))
    with deps.db.read() as session:
        return store.projects(session, wanted, is_domain=True)


def create_domain(deps: Deps, ctx: Context, given: dict[str, Any]) -> Project:
    "A new domain; a client may choose its id (`explicit_domain_id`)."
    domain_id = given.pop("explicit_domain_id", None) or new_hex()
    domain = Project(
        id=domain_id,
        domain_id="",
        is_domain=True,
        path=f"/{domain_id}/",
        enabled=True,
        options={},
        extra={},
    )
    resources.apply(domain, given, _CHANGE)
    with deps.db.write() as session:
        if rows.find(session, Project, is_domain=True, name=domain.name) or session.get(
            Project, domain_id
        ):
            raise Duplicate.name("domain", domain.name)
        rows.add(session, domain, lambda: Duplicate.name("domain", domain.name))
    audit.changed(deps, ctx, "domain", "created", domain.id)
    return domain


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> Project:
    "A new project, below a parent or directly in a domain. Raises Duplicate, Invalid, NotAllowed."
    if given.get("is_domain"):
        if given.get("domain_id") or given.get("parent_id"):
            raise Invalid("is_domain", "a domain has neither a domain_id nor a parent_id.")
        ctx.enforce("identity:create_project", {"target.project.domain_id": None})
        return create_domain(
            deps, ctx, {k: v for k, v in given.items() if k not in KNOWN or k in _CHANGE}
        )
    with deps.db.write() as session:
        parent = _parent(deps, session, ctx, given)
        domain_id = parent.id if parent.is_domain else parent.domain_id
        if given.get("domain_id") not in (None, domain_id):
            raise Invalid("domain_id", "it is not the domain of the parent.")
        ctx.enforce("identity:create_project", {"target.project.domain_id": domain_id})
        project_id = new_hex()
        project = Project(
            id=project_id,
            domain_id=domain_id,
            parent_id=parent.id,
            path=f"{parent.path}{project_id}/",
            is_domain=False,
            enabled=True,
            options={},
            extra={},
        )
        resources.apply(
            project, {k: v for k, v in given.items() if k not in KNOWN or k in _CHANGE}, _CHANGE
        )
        if rows.find(session, Project, domain_id=domain_id, name=project.name):
            raise Duplicate.name("project", project.name, domain_id)
        rows.add(session, project, lambda: Duplicate.name("project", project.name, domain_id))
        _set_tags(deps, session, project_id, given.get("tags") or [])
    audit.changed(deps, ctx, "project", "created", project.id)
    return project


def _parent(deps: Deps, session: Session, ctx: Context, given: dict[str, Any]) -> Project:
    parent_id = (
        given.get("parent_id")
        or given.get("domain_id")
        or ctx.domain_id
        or ctx.project_domain_id
        or "default"
    )
    field = "parent_id" if given.get("parent_id") else "domain_id"
    parent = session.get(Project, parent_id)
    if parent is None or (field == "domain_id" and not parent.is_domain):
        raise Invalid(
            field, f"there is no {'project' if field == 'parent_id' else 'domain'} {parent_id}."
        )
    if not parent.enabled:
        raise NotAllowed(f"the parent {parent_id} is disabled.")
    if len(parent.ancestor_ids) >= deps.config.resource.max_project_tree_depth:
        raise NotAllowed(
            f"the tree below {parent.ancestor_ids[0]} may have "
            f"{deps.config.resource.max_project_tree_depth} levels."
        )
    return parent


def update(
    deps: Deps, ctx: Context, project_id: str, given: dict[str, Any], *, domain: bool = False
) -> Project:
    "Change a project or domain. Raises NoSuch, Duplicate, Immutable, Invalid, NotAllowed."
    what = "domain" if domain else "project"
    with deps.db.write() as session:
        project = load(session, project_id, domain=domain)
        ctx.enforce(f"identity:update_{what}", target(project))
        resources.refuse_immutable(what, project, given)
        for name in ("domain_id", "parent_id", "is_domain"):
            if name in given and given.pop(name) != (getattr(project, name) or None):
                raise NotAllowed(f"{name} of a project cannot be changed.")
        _refuse_disabling(session, project, given)
        if "name" in given:
            other = rows.find(session, Project, domain_id=project.domain_id, name=given["name"])
            if other is not None and other.id != project.id:
                raise Duplicate.name(what, given["name"], project.domain_id)
            rows.bump(session, "directories")  # which go by the names of domains
        tags = given.pop("tags", None)
        resources.apply(project, given, _CHANGE)
        rows.flush(session, lambda: Duplicate.name(what, given.get("name"), project.domain_id))
        if tags is not None:
            _set_tags(deps, session, project_id, tags)
        if given.get("enabled") is False:
            revocation.revoke(
                deps, session, f"{'domain' if project.is_domain else 'project'}:{project.id}"
            )
    if project.is_domain:
        deps.memory.refresh()
    audit.changed(deps, ctx, what, "updated", project.id)
    return project


def _refuse_disabling(session: Session, project: Project, given: dict[str, Any]) -> None:
    if given.get("enabled") is False:
        if project.id == "default":
            raise NotAllowed("the default domain cannot be disabled.")
        if not project.is_domain and any(p.enabled for p in store.below(session, project)):
            raise NotAllowed("a project with enabled projects below it cannot be disabled.")
    if given.get("enabled") is True and not project.is_domain:
        above = store.by_ids(session, project.ancestor_ids[1:])
        if any(not p.enabled for p in above):
            raise NotAllowed("a project below a disabled one cannot be enabled.")


def delete(deps: Deps, ctx: Context, project_id: str) -> None:
    "Delete a project that has none below it, or a domain, with everything that refers to it."
    if get(deps, project_id).is_domain:
        delete_domain(deps, ctx, project_id)
        return
    with deps.db.write() as session:
        project = load(session, project_id)
        ctx.enforce("identity:delete_project", target(project))
        resources.refuse_immutable("project", project)
        if store.below(session, project):
            raise NotAllowed("a project with projects below it cannot be deleted.")
        _forget(deps, session, [project])
    audit.changed(deps, ctx, "project", "deleted", project_id)


def delete_cascade(deps: Deps, ctx: Context, project_id: str) -> None:
    """Delete a disabled project and everything below it (`?cascade`). Raises NotAllowed while
    one is enabled."""
    with deps.db.write() as session:
        project = load(session, project_id)
        ctx.enforce("identity:delete_project", target(project))
        tree = [project, *store.below(session, project)]
        if any(p.enabled for p in tree):
            raise NotAllowed("a tree with an enabled project cannot be deleted.")
        _forget(deps, session, tree)
    audit.changed(deps, ctx, "project", "deleted", project_id)


def delete_domain(deps: Deps, ctx: Context, domain_id: str) -> None:
    "Delete a disabled domain with its users, groups, roles and projects."
    with deps.db.write() as session:
        domain = load(session, domain_id, domain=True)
        ctx.enforce("identity:delete_domain", target(domain))
        resources.refuse_immutable("domain", domain)
        if domain_id == "default":
            raise NotAllowed("the default domain cannot be deleted.")
        if domain.enabled:
            raise NotAllowed("a domain must be disabled before it is deleted.")
        if rows.find(session, IdentityProvider, domain_id=domain_id):
            raise InUse("An identity provider still uses the domain.")
        revocation.revoke(deps, session, f"domain:{domain_id}")
        for kind, model in (("user", User), ("group", Group)):
            for row in rows.every(session, model, domain_id=domain_id):
                assignment_store.forget_actor(session, kind, row.id)  # type: ignore[attr-defined]
                session.delete(row)
        session.flush()
        rows.remove(session, Role, domain_id=domain_id)
        rows.bump(session, "roles")
        rows.remove(session, DomainConfig, domain_id=domain_id)
        rows.bump(session, "directories")
        rows.remove(session, Limit, domain_id=domain_id)
        _forget(deps, session, [*store.in_domain(session, domain_id), domain])
    audit.changed(deps, ctx, "domain", "deleted", domain_id)


def _forget(deps: Deps, session: Session, tree: list[Project]) -> None:
    ids = [p.id for p in tree]
    assignment_store.forget_target(session, ids)
    for model in (ApplicationCredential, Credential, Limit, OAuthToken, Trust):
        rows.remove(session, model, project_id=ids)
    for user in rows.every(session, User, default_project_id=ids):
        user.default_project_id = None
    revocation.revoke(deps, session, *(f"project:{i}" for i in ids))
    for project in sorted(tree, key=lambda p: -len(p.path.split("/"))):
        session.delete(project)
        session.flush()


def tree(deps: Deps, ctx: Context, project: Project, args: Mapping[str, str]) -> dict[str, Any]:
    """`parents` and `subtree` of a project, as a query asks: `parents_as_list` shows only
    projects in which the caller has a role, the others come as ids. Raises Invalid for two
    forms at once."""
    wanted: dict[str, Any] = {}
    for side in ("parents", "subtree"):
        as_list, as_ids = (
            listing.flag(args, f"{side}_as_list"),
            listing.flag(args, f"{side}_as_ids"),
        )
        if as_list and as_ids:
            raise Invalid(f"{side}_as_list", f"it excludes {side}_as_ids.")
        if not (as_list or as_ids):
            continue
        with deps.db.read() as session:
            if side == "parents":
                found = sorted(
                    store.by_ids(session, project.ancestor_ids),
                    key=lambda p: len(p.path),
                    reverse=True,
                )
            else:
                found = list(store.below(session, project))
            if as_list:
                mine = assignment_store.scopes_of(session, ctx.user_id or "")
                wanted[side] = [p for p in found if p.id in mine[0] and not p.is_domain]
            else:
                wanted[side] = (
                    _nested_up(found) if side == "parents" else _nested_down(project, found)
                )
    return wanted


def _nested_up(found: list[Project]) -> dict[str, Any] | None:
    nested: dict[str, Any] | None = None
    for parent in reversed(found):
        nested = {parent.id: nested}
    return nested


def _nested_down(project: Project, found: list[Project]) -> dict[str, Any] | None:
    inside: dict[str, dict[str, Any]] = {project.id: {}}
    for child in found:
        inside[child.id] = {}
        inside[child.parent_id or ""][child.id] = inside[child.id]

    def closed(level: dict[str, Any]) -> dict[str, Any] | None:
        return {k: closed(v) for k, v in level.items()} or None

    return closed(inside[project.id])


def tags_of(deps: Deps, project_id: str) -> list[str]:
    "Sorted tags."
    with deps.db.read() as session:
        return store.tags(session, [project_id]).get(project_id, [])


def set_tags(deps: Deps, ctx: Context, project_id: str, names: list[str]) -> list[str]:
    "Replace all tags."
    with deps.db.write() as session:
        resources.refuse_immutable("project", load(session, project_id), {"tags": names})
        _set_tags(deps, session, project_id, names)
    audit.changed(deps, ctx, "project", "updated", project_id)
    return sorted(set(names))


def _set_tags(deps: Deps, session: Session, project_id: str, names: list[str]) -> None:
    if len(set(names)) > deps.config.resource.max_tags:
        raise Invalid("tags", f"a project has at most {deps.config.resource.max_tags} tags.")
    rows.remove(session, ProjectTag, project_id=project_id)
    rows.add_all(session, (ProjectTag(project_id=project_id, name=n) for n in sorted(set(names))))


def add_tag(deps: Deps, ctx: Context, project_id: str, name: str) -> None:
    "Add one tag; it may be there."
    set_tags(deps, ctx, project_id, [*tags_of(deps, project_id), name])


def remove_tag(deps: Deps, ctx: Context, project_id: str, name: str) -> None:
    "Remove one tag. Raises NoSuch."
    names = tags_of(deps, project_id)
    if name not in names:
        raise NoSuch("project tag", name)
    set_tags(deps, ctx, project_id, [n for n in names if n != name])
