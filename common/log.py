"""Log lines with the id of the request that they belong to: plain text, or a JSON object each."""

from __future__ import annotations

import datetime
import json
import logging
import sys
from typing import Any

from common.context import request_id_var


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id_var.get()
        return True


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def setup(*, debug: bool = False, log_format: str = "plain") -> None:
    "Send the log of this process to stderr; a supervisor keeps and rotates it."
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithRequestId())
    if log_format == "json":
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(
            logging.Formatter(
                "%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(request_id)s] %(message)s",
                "%Y-%m-%d %H:%M:%S",
            )
        )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    # These say at INFO what only their authors want to know; at DEBUG some print credentials.
    for name in (
        "amqp",
        "kombu",
        "oslo",
        "oslo.messaging",
        "oslo_messaging",
        "oslo_service",
        "keystoneauth",
        "urllib3",
        "stevedore",
        "ovsdbapp",
        "alembic",
        "_granian",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
