"""A panel: one folder of `panels/`, one entry of the navigation. The folder's `__init__.py`
makes it:

    panel = Panel("keypairs", "Key pairs", icon="key", group="Compute", order=40, service="compute")

    @panel.get("/keypairs")
    def index(me): ...                                  # `me` is who.Who; needs the role reader

    @panel.post("/keypairs/<name>/delete")              # needs the role member
    def delete(me, name): ...

Nothing else has to be told: `discover` finds the folder, the navigation shows the panel to those
whose catalog has the service and
who have the role, and its URLs answer 403 to the others.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask

from dashboard.errors import NoSuchPage, NotAllowed
from dashboard.who import Who, who

GROUPS = ("", "Compute", "Storage", "Network", "Access", "Admin")
"""The headings of the navigation, in order."""


@dataclass
class Panel:
    "See the module."

    name: str
    title: str
    icon: str
    group: str = ""
    order: int = 50
    service: str | None = None
    """Shown and answered only when the catalog has it: compute, image, network, object_store,
    volume."""
    role: str = "reader"
    """The least role that sees the panel; "" is everybody."""
    home: str = ""
    blueprint: Blueprint = field(init=False)
    search: Callable[[Who, str], list[dict[str, str]]] | None = None
    """`search(me, text)` gives what Ctrl-K finds here: title, href, detail. One API call at
    most."""

    def __post_init__(self) -> None:
        self.blueprint = Blueprint(
            self.name, f"dashboard.panels.{self.name}", template_folder="templates"
        )

    def get(self, rule: str, *, role: str | None = None) -> Callable[[Any], Any]:
        "A page. `role` is the least role, by default the panel's."
        if not self.home:
            self.home = rule
        return self._route(rule, "GET", self.role if role is None else role)

    def post(self, rule: str, *, role: str | None = None) -> Callable[[Any], Any]:
        "A change: the role member at least."
        return self._route(rule, "POST", role or ("admin" if self.role == "admin" else "member"))

    def form(self, rule: str, *, role: str | None = None) -> Callable[[Any], Any]:
        "A page with a form that posts to itself: the role member at least, to see it too."
        return self._route(
            rule, "GET POST", role or ("admin" if self.role == "admin" else "member")
        )

    def _route(self, rule: str, methods: str, role: str) -> Callable[[Any], Any]:
        def add(view: Any) -> Any:
            @functools.wraps(view)
            def guarded(**path: Any) -> Any:
                me = who()
                if not me.may(role):
                    raise NotAllowed()
                if self.service and not me.cloud.has(self.service):
                    raise NoSuchPage()
                return view(me, **path)

            self.blueprint.add_url_rule(rule, view.__name__, guarded, methods=methods.split())
            return view

        return add

    def visible(self, me: Who) -> bool:
        "Whether the navigation shows it."
        return me.may(self.role) and (not self.service or me.cloud.has(self.service))


def discover() -> list[Panel]:
    "Every panel of the package `dashboard.panels`, in the order of the navigation."
    import dashboard.panels

    found = []
    for module in pkgutil.iter_modules(dashboard.panels.__path__):
        found.append(importlib.import_module(f"dashboard.panels.{module.name}").panel)
    return sorted(found, key=lambda p: (GROUPS.index(p.group), p.order, p.title))


def install(app: Flask, panels: list[Panel]) -> None:
    "Give the app the panels' URLs and templates."
    for panel in panels:
        app.register_blueprint(panel.blueprint)


def navigation(panels: list[Panel], me: Who) -> Iterator[tuple[str, list[Panel]]]:
    "(heading, panels) as this person sees them."
    for group in GROUPS:
        mine = [p for p in panels if p.group == group and p.visible(me)]
        if mine:
            yield group, mine
