"""Notifications of what happened, for auditors: CADF events (DMTF DSP0262), or the basic form.

What `[notifications] opt_out` names is not sent; good logins are in it by default. Published as
`identity.authenticate` and `identity.RESOURCE.OPERATION` (`identity.user.created`),
lossy like every notification.
"""

from __future__ import annotations

import uuid
from typing import Any

from common.context import Context
from identity.core import Deps, times

_TYPES = {
    "user": "data/security/account/user",
    "group": "data/security/group",
    "project": "data/security/project",
    "domain": "data/security/domain",
    "role": "data/security/role",
    "trust": "data/security/trust",
    "region": "data/security/region",
    "service": "data/security/service",
    "endpoint": "data/security/endpoint",
    "policy": "data/security/policy",
    "application_credential": "data/security/application_credential",
}
_ACTIONS = {"created": "created", "updated": "updated", "deleted": "deleted"}


def login(deps: Deps, ctx: Context, user_id: str, failed: str | None = None) -> None:
    "A login went well, or failed for a reason that only auditors learn."
    outcome = "failed" if failed else "success"
    if deps.notifier is None or _unwanted(deps, f"identity.authenticate.{outcome}"):
        return
    event = _event(
        ctx,
        "authenticate",
        "failure" if failed else "success",
        user_id,
        "service/security/account/user",
        user_id,
    )
    if failed:
        event["reason"] = {"reasonCode": "401", "reasonType": failed}
    deps.notifier.info(ctx, "identity.authenticate", event)


def changed(
    deps: Deps, ctx: Context, what: str, operation: str, resource_id: str, **facts: Any
) -> None:
    "A resource was created, updated or deleted."
    if deps.notifier is None or _unwanted(deps, f"identity.{what}.{operation}"):
        return
    if deps.config.notifications.format == "basic":
        deps.notifier.info(
            ctx, f"identity.{what}.{operation}", {"resource_info": resource_id, **facts}
        )
        return
    event = _event(
        ctx,
        f"{_ACTIONS[operation]}.{what}",
        "success",
        ctx.user_id or "unknown",
        _TYPES.get(what, f"data/security/{what}"),
        resource_id,
    )
    event |= {"resource_info": resource_id, **facts}
    deps.notifier.info(ctx, f"identity.{what}.{operation}", event)


def granted(
    deps: Deps,
    ctx: Context,
    operation: str,
    role_id: str,
    actor: dict[str, str],
    target: dict[str, str],
    inherited: bool,
) -> None:
    "A role was given or taken."
    if deps.notifier is None or _unwanted(deps, f"identity.role_assignment.{operation}"):
        return
    event = _event(
        ctx,
        f"{operation}.role_assignment",
        "success",
        ctx.user_id or "unknown",
        "service/security/account/user",
        role_id,
    )
    event |= {"role": role_id, "inherited_to_projects": inherited, **actor, **target}
    deps.notifier.info(ctx, f"identity.role_assignment.{operation}", event)


def _unwanted(deps: Deps, event_type: str) -> bool:
    return event_type in deps.config.notifications.opt_out


def _event(
    ctx: Context, action: str, outcome: str, user_id: str, target_type: str, target_id: str
) -> dict[str, Any]:
    initiator: dict[str, Any] = {
        "typeURI": "service/security/account/user",
        "id": user_id,
        "user_id": user_id,
        "request_id": ctx.request_id,
        "host": {"address": ctx.remote_addr},
    }
    if ctx.project_id:
        initiator["project_id"] = ctx.project_id
    if ctx.domain_id:
        initiator["domain_id"] = ctx.domain_id
    if ctx.global_request_id:
        initiator["global_request_id"] = ctx.global_request_id
    return {
        "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
        "id": str(uuid.uuid4()),
        "eventType": "activity",
        "eventTime": times.iso(times.now()),
        "action": action,
        "outcome": outcome,
        "initiator": initiator,
        "target": {"typeURI": target_type, "id": target_id},
        "observer": {"typeURI": "service/security", "id": "identity"},
    }
