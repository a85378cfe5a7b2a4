"Action records and migrations as JSON."

import hashlib
from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.http import Version
from compute.store.models import Action, ActionEvent
from compute.views.links import stamp


def action(row: Action, version: Version) -> dict[str, Any]:
    "An action."
    out = {
        "action": row.action,
        "instance_uuid": row.server_id,
        "request_id": row.request_id,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "start_time": stamp(row.start_at),
        "message": row.message,
    }
    if version >= "2.58":
        out["updated_at"] = stamp(row.updated_at)
    return out


def action_with_events(
    ctx: Context, row: Action, events: Sequence[ActionEvent], version: Version
) -> dict[str, Any]:
    "An action and its events; before 2.51 only administrators saw events."
    out = action(row, version)
    target = {"project_id": row.project_id}
    traces = ctx.allows("os_compute_api:os-instance-actions:events", target)
    details = ctx.allows("os_compute_api:os-instance-actions:events:details", target)
    if version >= "2.51" or traces:
        out["events"] = [_event(e, version, row, traces, details) for e in events]
    return out


def _event(
    row: ActionEvent, version: Version, parent: Action, traces: bool, details: bool
) -> dict[str, Any]:
    out = {
        "event": row.event,
        "start_time": stamp(row.start_at),
        "finish_time": stamp(row.finish_at),
        "result": row.result,
    }
    if traces:
        out["traceback"] = row.traceback
    if version >= "2.62":
        if traces:
            out["host"] = row.host
        out["hostId"] = _hidden(parent.project_id, row.host)
    if version >= "2.84" and details:
        out["details"] = row.details
    return out


def _hidden(project_id: str | None, host: str | None) -> str:
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest() if host else ""
