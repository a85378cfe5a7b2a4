"""What a cloud begins with: a plan, made so; what is there already is left alone. Safe to run at
every start.

The plan is a JSON object: `domain`, `roles`, `projects`, `users` (name, password, roles by
project, domain_roles, system_roles), `region`, `services` (type, name, url; one endpoint for each
interface).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from common.ids import new_hex
from identity.core import Deps, passwords, revocation
from identity.store import Session, rows
from identity.store import assignments as assignment_store
from identity.store import people as people_store
from identity.store.models import (
    Assignment,
    Endpoint,
    ImpliedRole,
    Project,
    Region,
    Role,
    Service,
    User,
)

Plan = dict[str, Any]
DOMAIN = "default"
ROLES = ("admin", "manager", "member", "reader", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
INTERFACES = ("public", "internal", "admin")


def plan(arguments: Any, config: Any) -> Plan:
    """The plan of a command line: a file, or an administrator and this service. Exits when there
    is no password."""
    if arguments.file:
        text = sys.stdin.read() if arguments.file == "-" else Path(arguments.file).read_text()
        found: Plan = json.loads(text)
        return found
    if not arguments.password:
        sys.exit("bootstrap needs a password: --password, OS_BOOTSTRAP_PASSWORD or --file")
    url = arguments.public_url or f"{config.identity.url.rstrip('/')}/v3"
    urls = {
        "public": url,
        "internal": arguments.internal_url or url,
        "admin": arguments.admin_url or url,
    }
    return {
        "projects": [arguments.project],
        "region": arguments.region or config.identity.region,
        "users": [
            {
                "name": arguments.username,
                "password": arguments.password,
                "roles": {arguments.project: ["admin"]},
                "domain_roles": ["admin"],
                "system_roles": ["admin"],
            }
        ],
        "services": [{"type": "identity", "name": "keystone", "urls": urls}],
    }


def run(deps: Deps, plan: Plan) -> None:
    "Make the plan so, in one transaction; hashes are computed before it."
    hashes = _hashes(deps, plan)
    with deps.db.write() as session:
        _domain(session)
        roles = _roles(session, plan)
        projects = {name: _project(session, name) for name in plan.get("projects", ())}
        for wanted in plan.get("users", ()):
            user = _user(deps, session, wanted, hashes.get(wanted["name"]))
            _grants(session, user, wanted, roles, projects)
        _catalog(session, plan)


def _hashes(deps: Deps, plan: Plan) -> dict[str, str]:
    "New hashes for the users whose password is not the planned one."
    found = {}
    with deps.db.read() as session:
        for wanted in plan.get("users", ()):
            if not wanted.get("password"):
                continue
            user = rows.find(session, User, login=wanted["name"], domain_id=DOMAIN)
            old = people_store.passwords(session, user.id, 1) if user else ()
            if not old or not deps.hasher.verify(old[0].hash, wanted["password"]):
                found[wanted["name"]] = deps.hasher.hash(wanted["password"])
    return found


def _domain(session: Session) -> None:
    if session.get(Project, DOMAIN) is None:
        rows.add(
            session,
            Project(
                id=DOMAIN,
                name="Default",
                domain_id="",
                is_domain=True,
                path=f"/{DOMAIN}/",
                enabled=True,
                description="The default domain",
                options={},
                extra={},
            ),
        )


def _roles(session: Session, plan: Plan) -> dict[str, Role]:
    found: dict[str, Role] = {}
    for name in dict.fromkeys((*ROLES, *plan.get("roles", ()))):
        role = assignment_store.role_named(session, name)
        if role is None:
            # Keystone ships its default roles immutable.
            options = {"immutable": True} if name in ROLES else {}
            role = rows.add(
                session, Role(id=new_hex(), name=name, domain_id="", options=options, extra={})
            )
            rows.bump(session, "roles")
        found[name] = role
    for prior, implied in IMPLIED:
        key = (found[prior].id, found[implied].id)
        if session.get(ImpliedRole, key) is None:
            rows.add(session, ImpliedRole(prior_id=key[0], implied_id=key[1]))
            rows.bump(session, "roles")
    return found


def _project(session: Session, name: str) -> Project:
    project = rows.find(session, Project, name=name, domain_id=DOMAIN)
    if project is None:
        project_id = new_hex()
        project = rows.add(
            session,
            Project(
                id=project_id,
                name=name,
                domain_id=DOMAIN,
                parent_id=DOMAIN,
                is_domain=False,
                path=f"/{DOMAIN}/{project_id}/",
                enabled=True,
                options={},
                extra={},
            ),
        )
    return project


def _user(deps: Deps, session: Session, wanted: Plan, hashed: str | None) -> User:
    user = rows.find(session, User, login=wanted["name"], domain_id=DOMAIN)
    if user is None:
        user = rows.add(
            session,
            User(
                id=new_hex(),
                name=wanted["name"],
                login=wanted["name"],
                domain_id=DOMAIN,
                enabled=True,
                options={},
                extra={},
                failed_count=0,
            ),
        )
    if any("service" in names for names in wanted.get("roles", {}).values()):
        # A service that mistypes its password while it is being changed must not lock the cloud.
        user.options = {
            **user.options,
            "ignore_lockout_failure_attempts": True,
            "ignore_password_expiry": True,
            "ignore_change_password_upon_first_use": True,
            "ignore_user_inactivity": True,
        }
    user.enabled = True
    if hashed is not None:
        had_one = bool(people_store.passwords(session, user.id, 1))
        passwords.store(deps, session, user, hashed, self_service=True)
        if had_one:
            revocation.revoke(deps, session, f"user:{user.id}")
    return user


def _grants(
    session: Session, user: User, wanted: Plan, roles: dict[str, Role], projects: dict[str, Project]
) -> None:
    places = [
        ("project", projects[name].id if name in projects else _project(session, name).id, names)
        for name, names in wanted.get("roles", {}).items()
    ]
    places += [
        ("domain", DOMAIN, wanted.get("domain_roles", ())),
        ("system", "all", wanted.get("system_roles", ())),
    ]
    for kind, target_id, names in places:
        for name in names:
            key = {
                "actor_id": user.id,
                "actor_kind": "user",
                "target_id": target_id,
                "target_kind": kind,
                "role_id": roles[name].id,
                "inherited": False,
            }
            if rows.find(session, Assignment, **key) is None:
                rows.add(session, Assignment(**key))


def _catalog(session: Session, plan: Plan) -> None:
    region = plan.get("region", "RegionOne")
    if session.get(Region, region) is None:
        rows.add(session, Region(id=region, description="", extra={}))
    for wanted in plan.get("services", ()):
        service = rows.find(session, Service, type=wanted["type"], name=wanted.get("name", ""))
        if service is None:
            service = rows.add(
                session,
                Service(
                    id=new_hex(),
                    type=wanted["type"],
                    name=wanted.get("name", ""),
                    enabled=True,
                    extra={},
                ),
            )
        for interface in INTERFACES:
            url = wanted.get("urls", {}).get(interface) or wanted["url"]
            endpoint = rows.find(
                session, Endpoint, service_id=service.id, interface=interface, region_id=region
            )
            if endpoint is None:
                rows.add(
                    session,
                    Endpoint(
                        id=new_hex(),
                        service_id=service.id,
                        interface=interface,
                        region_id=region,
                        url=url,
                        enabled=True,
                        extra={},
                    ),
                )
            elif endpoint.url != url:
                endpoint.url = url
    rows.bump(session, "catalog")
