"""Languages. Templates say `_("...")`; a catalog in
`translations/LANGUAGE/LC_MESSAGES/dashboard.mo` answers in the language that the browser asks
for. There is only English so far: `docs/dashboard.md` says how to extract the
sentences with Babel."""

from __future__ import annotations

import functools
import gettext
from pathlib import Path

from flask import Flask, g, request

FOLDER = Path(__file__).parent / "translations"


@functools.cache
def languages() -> tuple[str, ...]:
    "Those that have a catalog; English needs none."
    return ("en", *sorted(p.parent.parent.name for p in FOLDER.glob("*/LC_MESSAGES/dashboard.mo")))


@functools.cache
def _catalog(language: str) -> gettext.NullTranslations:
    return gettext.translation("dashboard", str(FOLDER), [language], fallback=True)


def language() -> str:
    "The best for this browser."
    if "language" not in g:
        g.language = request.accept_languages.best_match(languages()) or "en"
    chosen: str = g.language
    return chosen


def install(app: Flask) -> None:
    """Give templates `_`, `gettext`, `ngettext` and `{% trans %}`. Not Jinja's "newstyle"
    functions: those mark what they return as safe HTML, and labels can hold names that people
    chose."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _catalog(language()).gettext(text),
        lambda one, many, n: _catalog(language()).ngettext(one, many, n),
    )
    app.jinja_env.globals["language"] = language
