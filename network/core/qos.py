"QoS policies and their rules."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.ids import new_id
from network import errors
from network.core import Deps, access, quotas, rbac, reading
from network.store import networks as sharing
from network.store import outbox
from network.store import policies as store
from network.store.models import QosPolicy, QosRule


def create(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> QosPolicy:
    "A policy without rules."
    access.enforce(ctx, "create_policy", {"project_id": values["project_id"]}, guarded)

    def work(session: Any) -> QosPolicy:
        quotas.check(session, deps, values["project_id"], "qos_policy")
        _check_default(session, values, values["project_id"], "")
        row = QosPolicy(
            **{k: values[k] for k in ("project_id", "name", "description", "is_default")}
        )
        session.add(row)
        session.flush()
        sharing.share(
            session, "qos_policy", row.id, "access_as_shared", values["shared"], row.project_id
        )
        return reading.any_of(session, "policy", row.id)

    return deps.write(work)


def _check_default(session: Any, values: dict[str, Any], project_id: str, key: str) -> None:
    other = store.default_policy(session, project_id) if values.get("is_default") else None
    if other is not None and other.id != key:
        raise errors.QoSPolicyDefaultAlreadyExists(project_id=project_id)


def update(
    deps: Deps,
    ctx: Any,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> QosPolicy:
    "Change a policy. Raises RbacPolicyInUse where it is shared no longer and others need it."

    def work(session: Any) -> QosPolicy:
        row = reading.find(session, ctx, "policy", key)
        access.enforce(ctx, "update_policy", reading.owner(row), guarded)
        access.check_revision(row, revision)
        _check_default(session, values, row.project_id, key)
        if "shared" in values:
            if not values["shared"]:
                left = [t for t in store.targets(session, key, "access_as_shared") if t != "*"]
                rbac.check_unshared(session, "qos_policy", row, "access_as_shared", left)
            sharing.share(
                session, "qos_policy", key, "access_as_shared", values.pop("shared"), row.project_id
            )
        for name, value in values.items():
            setattr(row, name, value)
        row.touch()
        session.flush()
        return reading.any_of(session, "policy", key)

    return deps.write(work)


def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
    "Delete a policy. Raises QosPolicyInUse."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "policy", key)
        access.enforce(ctx, "delete_policy", reading.owner(row))
        access.check_revision(row, revision)
        user = store.qos_users(session, key)
        if user:
            raise errors.QosPolicyInUse(id=key, object_type=user[0], object_id=user[1])
        sharing.forget_sharing(session, key)
        for rule in row.rules:
            session.delete(rule)
        session.flush()
        session.delete(row)

    deps.write(work)


def rules(deps: Deps, ctx: Any, policy_id: str, kind: str) -> list[QosRule]:
    "The rules of one type."
    row = reading.show(deps, ctx, "policy", policy_id)
    ctx.enforce("get_policy_rule", reading.owner(row))
    return [r for r in row.rules if r.kind == kind]


def rule(deps: Deps, ctx: Any, policy_id: str, kind: str, key: str) -> QosRule:
    "One rule."
    for row in rules(deps, ctx, policy_id, kind):
        if row.id == key:
            return row
    raise errors.missing("qos_rule", key)


def add_rule(deps: Deps, ctx: Any, policy_id: str, kind: str, values: dict[str, Any]) -> QosRule:
    "A rule. Raises QoSRulesConflict for a second one of the same type and direction."

    # Who may not even change policies of its own need not know whether there is this one.
    ctx.enforce("create_policy_rule", {"project_id": ctx.project_id})

    def work(session: Any) -> QosRule:
        policy = reading.find(session, ctx, "policy", policy_id)
        ctx.enforce("create_policy_rule", reading.owner(policy))
        direction = values.get("direction", "egress")
        for other in policy.rules:
            if (other.kind, other.direction) == (kind, direction):
                raise errors.QoSRulesConflict(kind=kind, other=other.id, id=policy_id)
        params = {k: v for k, v in values.items() if k not in ("direction", "project_id")}
        row = QosRule(
            id=new_id(),
            policy_id=policy_id,
            kind=kind,
            direction=direction,
            params=params,
            position=len(policy.rules),
        )
        session.add(row)
        policy.touch()
        outbox.mark(session, *store.qos_scopes(session, policy_id))
        return row

    return deps.write(work)


def change_rule(
    deps: Deps, ctx: Any, policy_id: str, kind: str, key: str, values: dict[str, Any]
) -> QosRule:
    "Change a rule."

    def work(session: Any) -> QosRule:
        policy, row = _found(session, ctx, policy_id, kind, key, "update_policy_rule")
        row.direction = values.get("direction", row.direction)
        row.params = {**row.params, **{k: v for k, v in values.items() if k != "direction"}}
        policy.touch()
        outbox.mark(session, *store.qos_scopes(session, policy_id))
        return row

    return deps.write(work)


def remove_rule(deps: Deps, ctx: Any, policy_id: str, kind: str, key: str) -> None:
    "Remove a rule."

    def work(session: Any) -> None:
        policy, row = _found(session, ctx, policy_id, kind, key, "delete_policy_rule")
        session.delete(row)
        policy.touch()
        outbox.mark(session, *store.qos_scopes(session, policy_id))

    deps.write(work)


def _found(
    session: Any, ctx: Any, policy_id: str, kind: str, key: str, rule_name: str
) -> tuple[Any, Any]:
    policy = reading.find(session, ctx, "policy", policy_id)
    ctx.enforce(rule_name, reading.owner(policy))
    row = store.rule(session, key)
    if row is None or row.policy_id != policy_id or row.kind != kind:
        raise errors.missing("qos_rule", key)
    return policy, row
