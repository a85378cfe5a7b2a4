"Times as the Identity API writes them."

from __future__ import annotations

import datetime


def now() -> datetime.datetime:
    "Now, in UTC."
    return datetime.datetime.now(datetime.UTC)


def iso(when: datetime.datetime | float | None) -> str | None:
    "2026-01-31T12:00:00.000000Z; None stays None."
    if when is None:
        return None
    if not isinstance(when, datetime.datetime):
        when = datetime.datetime.fromtimestamp(when, datetime.UTC)
    return when.astimezone(datetime.UTC).isoformat(timespec="microseconds")[:26] + "Z"


def parse(text: str) -> datetime.datetime:
    "A time that a client wrote; UTC unless it says otherwise. Raises ValueError."
    when = datetime.datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
