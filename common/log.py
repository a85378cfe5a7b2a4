"""Log lines with the id of the request that they belong to: plain text, or a JSON object each."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import time
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


class _PlainLines(logging.Formatter):
    """`2026-01-31 12:00:00.123 INFO access [req-...] message`, local time."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
        self._second = (0, "")

    def formatTime(  # noqa: N802 the name that logging calls
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        return self.time(record.created)

    def time(self, moment: float) -> str:
        "Local time with milliseconds."
        whole = int(moment)
        second, text = self._second  # a pair, so that threads never mix two seconds
        if second != whole:
            text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(whole))
            self._second = (whole, text)
        return f"{text}.{int((moment - whole) * 1000):03d}"


class _ToStderr(logging.Handler):
    """Each record in one write, so that lines of processes that share a file never mix; without
    the buffer, its flushes and its lock."""

    def createLock(self) -> None:  # noqa: N802 the name that logging calls
        "None needed: a line is one call to the kernel."
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        "Write the line to standard error."
        try:
            self.write(self.format(record))
        except Exception:
            self.handleError(record)

    @staticmethod
    def write(text: str) -> None:
        "One line. Raises OSError."
        line = (text + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(2, line) :]


_plain: tuple[_ToStderr, _PlainLines] | None = None
"""The only handler of this process and its formatter, where lines are plain."""


def line(logger: logging.Logger, message: str) -> None:
    """A line at INFO, of which there is one for each request: where nobody but the handler of
    `setup` would hear it, without the rest of logging, which costs ten times as much."""
    root = logging.getLogger()
    plain = _plain
    if plain is None or root.handlers != [plain[0]] or logger.handlers:
        logger.info("%s", message)
    elif logger.isEnabledFor(logging.INFO):
        when = plain[1].time(time.time())
        with contextlib.suppress(OSError):
            plain[0].write(f"{when} INFO {logger.name} [{request_id_var.get()}] {message}")


def setup(*, debug: bool = False, log_format: str = "plain") -> None:
    "Send the log of this process to stderr; a supervisor keeps and rotates it."
    global _plain
    handler = _ToStderr()
    handler.addFilter(_WithRequestId())
    plain = None if log_format == "json" else _PlainLines()
    handler.setFormatter(plain or _JsonLines())
    _plain = (handler, plain) if plain else None
    # lines name neither file nor thread: nobody need look them up ("Optimization" in the
    # documentation of logging)
    setattr(logging, "_srcfile", None)  # noqa: B010 not in the stubs
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
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
