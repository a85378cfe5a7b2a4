"""How values look: sizes, times, colours of states. Filters for the templates."""

from __future__ import annotations

import datetime
import functools
from typing import Any

from flask import Flask, url_for
from markupsafe import Markup, escape

COLOURS = {
    "green": {
        "ACTIVE",
        "UP",
        "ENABLED",
        "AVAILABLE",
        "RUNNING",
        "COMPLETED",
        "SUCCESS",
        "DONE",
        "TRUE",
        "ONLINE",
        "PUBLIC",
        "FINISHED",
    },
    "azure": {"IN-USE", "SHARED", "VERIFY_RESIZE", "COMMUNITY", "INFO"},
    "yellow": {
        "BUILD",
        "REBOOT",
        "HARD_REBOOT",
        "RESIZE",
        "MIGRATING",
        "REBUILD",
        "SAVING",
        "QUEUED",
        "CREATING",
        "PAUSED",
        "SUSPENDED",
        "RESCUE",
        "PENDING",
        "IMPORTING",
        "UPLOADING",
        "ATTACHING",
        "DETACHING",
        "DELETING",
        "PREPARING",
        "PENDING_DELETE",
        "POST-MIGRATING",
        "BUILDING",
        "DEGRADED",
        "REVERT_RESIZE",
        "PASSWORD",
    },
    "red": {"ERROR", "FAILED", "KILLED", "DISABLED", "CRASHED", "ERROR_DELETING"},
}
_BY_STATE = {state: colour for colour, states in COLOURS.items() for state in states}


def colour(status: Any) -> str:
    "The colour of a state; grey for what is neither good nor bad."
    return _BY_STATE.get(str(status or "").upper(), "secondary")


def size(value: Any, unit: str = "B") -> str:
    "Bytes (or MiB, GiB with `unit`) as people read them."
    if value in (None, ""):
        return "–"
    number = float(value) * {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]
    for name in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(number) < 1024 or name == "TiB":
            return (
                f"{number:.0f} {name}"
                if name == "B" or number >= 100 or number == int(number)
                else f"{number:.1f} {name}"
            )
        number /= 1024
    return ""


def moment(value: Any) -> Any:
    "A <time> that the browser keeps up to date as `3 minutes ago`."
    if not value:
        return "–"
    text = str(value)
    try:
        at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    iso = at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(iso, iso, shown)


def icon(name: str, extra: str = "") -> Markup:
    "An icon of the sprite; decoration, so hidden from screen readers."
    return _icon(url_for("static", filename="vendor/icons/sprite.svg"), name, extra)


@functools.lru_cache(maxsize=512)
def _icon(href: str, name: str, extra: str) -> Markup:
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        extra, href, name
    )


def percent(used: Any, limit: Any) -> int:
    "0 to 100; a limit of -1 is none."
    if limit in (None, -1, 0):
        return 0 if limit != 0 else 100
    return max(0, min(100, round(100 * float(used or 0) / float(limit))))


def spark(values: list[float], top: float | None = None) -> Markup:
    "A small line: values over time, `top` the value at the upper edge."
    if len(values) < 2:
        return Markup('<span class="text-secondary">–</span>')
    high = top or max(max(values), 1e-9)
    step = 72 / (len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{19 - 17 * min(1.0, max(0.0, v / high)):.1f}" for i, v in enumerate(values)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 72 20" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    ).format(f"now {values[-1]:.0f}", points)


def install(app: Flask) -> None:
    "Filters and globals."
    app.jinja_env.filters.update(colour=colour, size=size, moment=moment, spark=spark)
    app.jinja_env.globals.update(icon=icon, percent=percent)
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}


__all__ = ["colour", "escape", "icon", "install", "moment", "percent", "size", "spark"]
