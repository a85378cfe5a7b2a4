"""Notifications as oslo.messaging sends them, so that existing listeners understand:
`compute.instance.create.end`, ...

Envelope: oslo.messaging's message format 2.0 (a JSON string inside a JSON object), routing key
`notifications.<priority>`.
"""

from __future__ import annotations

import datetime
import json
import uuid
from typing import TYPE_CHECKING, Any

from common.bus.events import Events

if TYPE_CHECKING:
    from common.context import Context


class Notifier:
    """Sends notifications in the name of `publisher_id` (`compute.HOST`). Lossy: see
    `Events.publish`."""

    def __init__(self, events: Events, publisher_id: str) -> None:
        self.events, self.publisher_id = events, publisher_id

    def info(self, ctx: Context | None, event_type: str, payload: dict[str, Any]) -> None:
        "Something happened as it should."
        self._send(ctx, "INFO", event_type, payload)

    def error(self, ctx: Context | None, event_type: str, payload: dict[str, Any]) -> None:
        "Something failed."
        self._send(ctx, "ERROR", event_type, payload)

    def _send(
        self, ctx: Context | None, priority: str, event_type: str, payload: dict[str, Any]
    ) -> None:
        message = {
            "message_id": str(uuid.uuid4()),
            "publisher_id": self.publisher_id,
            "event_type": event_type,
            "priority": priority,
            "payload": payload,
            "timestamp": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        }
        if ctx is not None:
            message |= {
                f"_context_{k}": getattr(ctx, k)
                for k in ("request_id", "user_id", "project_id", "global_request_id")
            }
        envelope = {"oslo.version": "2.0", "oslo.message": json.dumps(message, default=str)}
        self.events.publish(f"notifications.{priority.lower()}", envelope, expires_s=3600)


def open_envelope(body: dict[str, Any]) -> dict[str, Any]:
    "The message inside an envelope."
    inner = body.get("oslo.message")
    return json.loads(inner) if isinstance(inner, str) else body
