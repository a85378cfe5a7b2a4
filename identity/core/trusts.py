"Trusts (OS-TRUST): a trustor lets a trustee use some of their roles in a project."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, revocation, times
from identity.errors import Invalid, NoSuch, NotAllowed
from identity.store import Session, accounts, rows
from identity.store import trusts as store
from identity.store.models import Role, Trust, TrustRole, User


def target(trust: Trust | None) -> dict[str, Any]:
    "What policy rules look at."
    return {
        "target.trust.trustor_user_id": trust.trustor_user_id if trust else None,
        "target.trust.trustee_user_id": trust.trustee_user_id if trust else None,
    }


def load(deps: Deps, ctx: Context, trust_id: str, rule: str) -> Trust:
    "A living trust, if the caller passes `rule`."
    with deps.db.read() as session:
        trust = store.living(session, trust_id)
    if trust is None:
        raise NoSuch("trust", trust_id)
    ctx.enforce(rule, target(trust))
    return trust


def list_all(deps: Deps, ctx: Context, args: Mapping[str, str]) -> list[Trust]:
    "Trusts of a trustor or trustee, or all."
    users = {k: args[k] for k in ("trustor_user_id", "trustee_user_id") if k in args}
    if not users:
        ctx.enforce("identity:list_trusts", {})
    for name, user_id in users.items():
        ctx.enforce(
            f"identity:list_trusts_for_{name.split('_')[0]}", {f"target.trust.{name}": user_id}
        )
    with deps.db.read() as session:
        return list(store.listed(session, **users))


def roles(deps: Deps, trust_id: str) -> list[Role]:
    "The roles that a trust gives."
    with deps.db.read() as session:
        links = rows.every(session, TrustRole, trust_id=trust_id)
        return sorted(
            rows.every(session, Role, id=[link.role_id for link in links]), key=lambda r: r.name
        )


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> Trust:
    "A new trust of the caller, or one passed on. Raises Invalid, NotAllowed, NoSuch."
    ctx.enforce("identity:create_trust", {"target.trust.trustor_user_id": given["trustor_user_id"]})
    if ctx.application_credential_id and ctx.application_credential_restricted:
        raise NotAllowed("a restricted application credential cannot create trusts.")
    if ctx.oauth_token_id:
        raise NotAllowed("a token of OAuth cannot create trusts.")
    expires = times.parse(given["expires_at"]) if given.get("expires_at") else None
    if expires is not None and expires <= times.now():
        raise Invalid("expires_at", "it is in the past.")
    if given.get("roles") and not given.get("project_id"):
        raise Invalid("project_id", "roles need a project.")
    with deps.db.write() as session:
        if session.get(User, given["trustee_user_id"]) is None:
            raise NoSuch("user", given["trustee_user_id"])
        trust = Trust(
            id=new_hex(),
            trustor_user_id=given["trustor_user_id"],
            trustee_user_id=given["trustee_user_id"],
            project_id=given.get("project_id"),
            impersonation=given["impersonation"],
            expires_at=expires,
            remaining_uses=given.get("remaining_uses"),
            redelegation_count=0,
            extra={},
        )
        role_ids = _roles(deps, session, given)
        _redelegate(deps, session, ctx, trust, given, role_ids)
        rows.add(session, trust)
        rows.add_all(session, (TrustRole(trust_id=trust.id, role_id=i) for i in role_ids))
    audit.changed(deps, ctx, "trust", "created", trust.id)
    return trust


def _roles(deps: Deps, session: Session, given: dict[str, Any]) -> list[str]:
    if not given.get("project_id"):
        return []
    if not given.get("roles"):
        raise NotAllowed("at least one role should be specified.")
    place = accounts.place(session, given["trustor_user_id"], target_id=given["project_id"])
    if place is None or place[0].is_domain:
        raise NoSuch("project", given["project_id"])
    has = {i for i, _ in deps.memory.expand(place[1], place[0].domain_id)}
    found = []
    for named in given["roles"]:
        role = (
            session.get(Role, named["id"])
            if "id" in named
            else rows.find(session, Role, name=named["name"], domain_id="")
        )
        if role is None:
            raise NoSuch("role", named.get("id") or named.get("name"))
        if role.id not in has:
            raise NotAllowed(f"the trustor does not have the role {role.id} in the project.")
        found.append(role.id)
    return list(dict.fromkeys(found))


def _redelegate(
    deps: Deps,
    session: Session,
    ctx: Context,
    trust: Trust,
    given: dict[str, Any],
    role_ids: list[str],
) -> None:
    options, allow = deps.config.trust, bool(given.get("allow_redelegation"))
    most = options.max_redelegation_count
    count = given.get("redelegation_count")
    if count is not None and count > most:
        raise NotAllowed(f"the redelegation count is at most {most}.")
    trust.redelegation_count = (most if count is None else count) if allow else 0
    if not ctx.trust_id:
        return
    parent = store.living(session, ctx.trust_id)
    if not options.allow_redelegation or parent is None or parent.redelegation_count <= 0:
        raise NotAllowed("the trust may not be passed on.")
    if trust.remaining_uses is not None:
        raise NotAllowed("a trust that is passed on cannot have remaining uses.")
    if parent.project_id != trust.project_id or not set(role_ids) <= {
        r.role_id for r in rows.every(session, TrustRole, trust_id=parent.id)
    }:
        raise NotAllowed("only roles of the trust can be passed on.")
    if parent.expires_at is not None and (
        trust.expires_at is None or trust.expires_at > parent.expires_at
    ):
        raise NotAllowed("the trust would outlive the one it is passed on from.")
    if trust.impersonation and not parent.impersonation:
        raise NotAllowed("impersonation cannot be added.")
    trust.redelegated_trust_id = parent.id
    trust.redelegation_count = (
        min(trust.redelegation_count, parent.redelegation_count - 1) if allow else 0
    )


def delete(deps: Deps, ctx: Context, trust_id: str) -> None:
    "End a trust and those passed on from it; their tokens end."
    load(deps, ctx, trust_id, "identity:delete_trust")
    with deps.db.write() as session:
        todo, ended = [trust_id], []
        while todo:
            current = todo.pop()
            rows.get(session, Trust, current, "trust").deleted_at = times.now()
            todo += [t.id for t in store.redelegated(session, current)]
            ended.append(f"trust:{current}")
        revocation.revoke(deps, session, *ended)
    audit.changed(deps, ctx, "trust", "deleted", trust_id)
