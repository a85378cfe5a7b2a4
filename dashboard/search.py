"""Ctrl-K: pages by name, and whatever the panels find, all of them asked at the same time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from dashboard.who import state, who

search = Blueprint("search", __name__)
MOST = 6


@search.get("/search")
def find() -> Any:
    "The hits, as a list for the search box."
    me = who()
    text = request.args.get("q", "").strip()[:100]
    panels = [p for p in state().panels if p.visible(me)]
    pages = [
        {"title": p.title, "href": p.home, "detail": p.group, "icon": p.icon}
        for p in panels
        if text.lower() in p.title.lower()
    ]
    groups: list[tuple[str, list[dict[str, Any]]]] = [("Pages", pages[:8])] if pages else []
    missed = []
    if len(text) >= 2:
        able = [p for p in panels if p.search]
        found = me.cloud.gather(**{p.name: (lambda p=p: p.search(me, text)) for p in able})
        for panel in able:
            part = found[panel.name]
            if part.problem:
                missed.append(panel.title)
            elif part.value:
                groups.append(
                    (panel.title, [{"icon": panel.icon, **hit} for hit in part.value[:MOST]])
                )
    return render_template(
        "components/search_results.html", groups=groups, text=text, missed=missed
    )
