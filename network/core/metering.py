"""Metering labels and rules, and the templates of security groups: small things that
administrators keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from network import errors
from network.core import Deps, access, reading, security_rules
from network.store import security as store
from network.store.models import DefaultRule, MeteringLabel, MeteringRule


def create_label(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> Any:
    "A metering label."
    access.enforce(ctx, "create_metering_label", {"project_id": values["project_id"]})
    return deps.write(lambda session: _added(session, MeteringLabel(**values)))


def create_rule(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> Any:
    "A metering rule of a label."
    access.enforce(ctx, "create_metering_label_rule", {"project_id": values.pop("project_id")})

    def work(session: Any) -> Any:
        reading.find(session, ctx, "metering_label", values["metering_label_id"])
        return _added(session, MeteringRule(**values))

    return deps.write(work)


def create_default_rule(
    deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()
) -> Any:
    "A rule that new groups begin with. Raises DefaultSecurityGroupRuleExists."
    access.enforce(ctx, "create_default_security_group_rule", {"project_id": ctx.project_id})
    used = {k: values[k] for k in ("used_in_default_sg", "used_in_non_default_sg")}

    def work(session: Any) -> Any:
        rule = security_rules.checked(values)
        for other in store.default_rules(session):
            if security_rules.same(rule, other) and any(
                getattr(other, k) and v for k, v in used.items()
            ):
                raise errors.DefaultRuleExists(id=other.id)
        return _added(session, DefaultRule(**rule, **used))

    return deps.write(work)


def _added(session: Any, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def deleter(noun: str) -> Any:
    "The function that deletes a row of the noun."

    def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
        def work(session: Any) -> None:
            row = reading.find(session, ctx, noun, key)
            access.enforce(
                ctx, f"delete_{noun}", {"project_id": getattr(row, "project_id", ctx.project_id)}
            )
            session.delete(row)

        deps.write(work)

    return delete
