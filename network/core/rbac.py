"RBAC policies: sharing an object with a project, or with all."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from network import errors
from network.core import Deps, access, quotas, reading
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
            raise errors.NotOwner(project_id=ctx.project_id, what=f"{noun} {thing.id}")
        quotas.check(session, deps, values["project_id"], "rbac_policy")
        if store.same_sharing(session, thing.id, values["action"], values["target_tenant"]):
            raise errors.RbacPolicyExists()
        if values["action"] == "access_as_external":
            thing.external = True
        row = Rbac(
            **{
                k: values[k]
                for k in ("project_id", "object_type", "object_id", "action", "target_tenant")
            }
        )
        session.add(row)
        session.flush()
        return row

    return deps.write(work)


def update(
    deps: Deps,
    ctx: Any,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Rbac:
    "Share with somebody else instead."

    def work(session: Any) -> Rbac:
        row = reading.find(session, ctx, "rbac_policy", key)
        target = reading.owner(row, target_tenant=values.get("target_tenant", ""))
        access.enforce(ctx, "update_rbac_policy", target, guarded)
        row.target_tenant = values.get("target_tenant", row.target_tenant)
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
    "Share no longer. Raises RbacPolicyInUse while the project has ports in the network."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "rbac_policy", key)
        access.enforce(ctx, "delete_rbac_policy", reading.owner(row))
        if (
            row.object_type == "network"
            and row.action == "access_as_shared"
            and store.users_of_network(session, row.object_id, row.target_tenant)
        ):
            raise errors.RbacPolicyInUse(object_id=row.object_id)
        session.delete(row)

    deps.write(work)
