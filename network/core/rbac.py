"RBAC policies: sharing an object with a project, or with all."

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from network import errors
from network.core import Deps, access, quotas, reading
from network.store import outbox
from network.store import policies as store
from network.store.models import Rbac

OBJECTS = {
    "network": "network",
    "qos_policy": "policy",
    "security_group": "security_group",
    "address_scope": "address_scope",
    "subnetpool": "subnetpool",
    "address_group": "address_group",
}


def create(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> Rbac:
    "Share something that one owns. Raises Invalid, DuplicatePolicy, the object's NotFound."
    target = {"project_id": values["project_id"], "target_tenant": values["target_tenant"]}
    access.enforce(ctx, "create_rbac_policy", target, guarded)
    noun = OBJECTS.get(values["object_type"])
    if noun is None:
        raise errors.Invalid(
            field="object_type",
            value=values["object_type"],
            reason=f"it is not one of {', '.join(sorted(OBJECTS))}",
        )
    actions = (
        ("access_as_shared", "access_as_external") if noun == "network" else ("access_as_shared",)
    )
    if values["action"] not in actions:
        raise errors.Invalid(
            field="action", value=values["action"], reason=f"it is not one of {', '.join(actions)}"
        )

    def work(session: Any) -> Rbac:
        thing = reading.find(session, ctx, noun, values["object_id"])
        if not access.sees_all(ctx) and thing.project_id != ctx.project_id:
            raise errors.HTTPBadRequest(
                reason=f"{noun} {thing.id} is another project's: only administrators may share it."
            )
        if noun == "subnetpool":
            _check_scope(session, ctx, thing, values["target_tenant"])
        quotas.check(session, deps, values["project_id"], "rbac_policy")
        if store.same_sharing(session, thing.id, values["action"], values["target_tenant"]):
            raise errors.RbacPolicyExists()
        if values["action"] == "access_as_external" and not thing.external:
            thing.external = True
            outbox.mark(session, f"network:{thing.id}")
        row = Rbac(
            **{
                k: values[k]
                for k in ("project_id", "object_type", "object_id", "action", "target_tenant")
            }
        )
        session.add(row)
        thing.touch()
        session.flush()
        return row

    return deps.write(work)


def _check_scope(session: Any, ctx: Any, pool: Any, target: str) -> None:
    # Who may use the pool must see the scope that its addresses are of.
    if not pool.address_scope_id:
        return
    scope = reading.any_of(session, "address_scope", pool.address_scope_id)
    seen_by = {scope.project_id, *store.targets(session, scope.id, "access_as_shared")}
    if not {target, "*"} & seen_by:
        raise errors.HTTPBadRequest(
            reason=f"Subnet pool {pool.id} is of address scope {scope.id}, which {target} may not "
            "use: share that first."
        )


def check_unshared(session: Any, kind: str, thing: Any, action: str, left: Iterable[str]) -> None:
    """Raise RbacPolicyInUse where a project has something that needs the object and would not
    have it any more, were it shared with `left` alone."""
    left = set(left)
    needed = store.users(session, kind, action, thing.id) - {thing.project_id}
    if "*" not in left and needed - left:
        raise errors.RbacPolicyInUse(object_id=thing.id)


def _others(session: Any, row: Rbac) -> list[str]:
    targets = store.targets(session, row.object_id, row.action)
    targets.remove(row.target_tenant)
    return targets


def update(
    deps: Deps,
    ctx: Any,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Rbac:
    "Share with somebody else instead. Raises RbacPolicyInUse."

    def work(session: Any) -> Rbac:
        row = reading.find(session, ctx, "rbac_policy", key)
        target = reading.owner(row, target_tenant=values.get("target_tenant", ""))
        access.enforce(ctx, "update_rbac_policy", target, guarded)
        wanted = values.get("target_tenant", row.target_tenant)
        if wanted != row.target_tenant:
            thing = reading.any_of(session, OBJECTS[row.object_type], row.object_id)
            left = [*_others(session, row), wanted]
            check_unshared(session, row.object_type, thing, row.action, left)
            row.target_tenant = wanted
            thing.touch()
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
    """Share no longer; a network that is external for nobody is external no longer. Raises
    RbacPolicyInUse while somebody needs it, and for the external network that is the default."""

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "rbac_policy", key)
        access.enforce(ctx, "delete_rbac_policy", reading.owner(row))
        thing = reading.any_of(session, OBJECTS[row.object_type], row.object_id)
        left = _others(session, row)
        check_unshared(session, row.object_type, thing, row.action, left)
        if row.action == "access_as_external":
            if thing.is_default and row.target_tenant == "*":
                raise errors.RbacPolicyInUse(object_id=row.object_id)
            if not left:
                thing.external = False
                outbox.mark(session, f"network:{thing.id}")
        thing.touch()
        session.delete(row)

    deps.write(work)
