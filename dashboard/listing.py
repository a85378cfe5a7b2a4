"""Tables: what a panel gives, and one template draws.

A `Listing` is columns, rows and what can be done with them. Cells are plain values; the kind of
the column says how they look
(`templates/components/cells.html`). Everything that comes from a user is escaped there, by Jinja.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request

from dashboard.errors import Problem
from dashboard.who import Who

BUSY = {
    "BUILD",
    "BUILDING",
    "REBOOT",
    "HARD_REBOOT",
    "RESIZE",
    "MIGRATING",
    "PASSWORD",
    "REBUILD",
    "DELETING",
    "SAVING",
    "QUEUED",
    "IMPORTING",
    "UPLOADING",
    "CREATING",
    "ATTACHING",
    "DETACHING",
    "EXTENDING",
    "PENDING_DELETE",
    "REVERT_RESIZE",
    "DOWNLOADING",
    "BACKING-UP",
    "RESTORING-BACKUP",
    "RETYPING",
}
"""States that pass by themselves: the page looks again."""


@dataclass
class Column:
    """A column; `kind` is text, link, status, code, size_mib, size_bytes, when, bool, list, chips,
    meter or spark."""

    key: str
    title: str
    kind: str = "text"
    wide_only: bool = False
    """Not shown where the screen is narrow."""


@dataclass
class Action:
    "A button: a link (`get`) or a change (`post`). `confirm` is the question asked first."

    title: str
    url: str
    icon: str = "dots"
    post: bool = True
    confirm: str = ""
    danger: bool = False
    disabled: str = ""
    """Why it cannot be used now; empty when it can."""


@dataclass
class Row:
    "One thing. `cells` maps the keys of the columns to values; a link cell is (text, url)."

    id: str
    cells: dict[str, Any]
    actions: list[Action] = field(default_factory=list)
    busy: bool = False
    menu: str = ""
    """Where the actions come from when the menu is opened, for lists that may be long."""


@dataclass
class Listing:
    "A table."

    title: str
    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    problem: Problem | None = None
    create: Action | None = None
    buttons: list[Action] = field(default_factory=list)
    bulk: list[Action] = field(default_factory=list)
    empty: str = "Nothing here yet."
    next_url: str = ""
    topic: str = ""
    """First words of the notifications after which the table looks again: `compute.instance`."""
    search: str = ""
    """The text that the API searched for; None of it in the browser."""
    server_search: bool = False
    url: str = ""

    @property
    def busy(self) -> bool:
        "Whether something in it changes by itself."
        return any(row.busy for row in self.rows)


def is_busy(status: str | None) -> bool:
    "Whether a state passes by itself."
    return (status or "").upper() in BUSY


def page(me: Who, listing: Listing, **more: Any) -> str:
    "The page of a listing; only its table when the table asks (htmx)."
    listing.url = listing.url or request.full_path.rstrip("?")
    if not me.may("member"):
        listing.create, listing.bulk, listing.buttons = None, [], []
    fragment = request.headers.get("HX-Target") == "listing"
    template = "components/listing.html" if fragment else more.pop("template", "list.html")
    return render_template(template, me=me, listing=listing, **more)
