"""The composition root: panels, log-in, events, search, errors and protection around one Flask
app."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from oslo_config import cfg
from werkzeug.exceptions import HTTPException

from common.http import middleware
from dashboard import auth, cells, events, i18n, panel, search, security, static_files, websso
from dashboard import config as options
from dashboard.cloud import Transport
from dashboard.errors import NoSuchPage, NotAllowed, Problem, SessionEnded
from dashboard.replies import refused
from dashboard.session import EncryptedCookies, secret_of
from dashboard.who import Known


@dataclass
class State:
    "What lives as long as the process."

    config: cfg.ConfigOpts
    transport: Transport
    feed: events.Feed
    streams: events.Streams
    panels: list[panel.Panel]
    known: Known = field(default_factory=Known)


def create_app(config: cfg.ConfigOpts, *, feed: events.Feed | None = None) -> Flask:
    """The dashboard. `feed` is for tests; by default nothing is heard until `application()`
    listens to the bus."""
    app = Flask("dashboard", static_folder=None)
    secret = secret_of(config)
    app.secret_key = hashlib.sha256(b"csrf:" + secret.encode()).hexdigest()
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=config.api.max_body_kib * 1024,
    )
    app.session_interface = EncryptedCookies(
        secret, config.session.idle_s, config.session.secure_cookie
    )
    streams = min(config.events.max_streams, max(0, config.api.threads - 4))
    feed = feed or events.Feed(config.events.kept)
    state = State(
        config,
        Transport(config),
        feed,
        events.Streams(feed, streams),
        panel.discover(),
    )
    app.extensions["dashboard"] = state
    protect = CSRFProtect(app)
    security.install(app)
    static_files.install(app, Path(__file__).parent / "static")
    i18n.install(app)
    cells.install(app)
    for blueprint in (auth.auth, websso.websso, events.events, search.search):
        app.register_blueprint(blueprint)
    panel.install(app, state.panels)
    for view in app.view_functions.values():
        if getattr(view, "checks_itself", False):
            protect.exempt(view)
    app.context_processor(_always)
    _errors(app)
    app.wsgi_app = middleware.wrap(app.wsgi_app, "dashboard", config, _Junk())  # type: ignore[assignment,method-assign]
    return app


def _always() -> dict[str, Any]:
    "What every template may use."
    me = g.get("who")
    state: State = _state()
    toast = session.pop("toast", None) if me and not request.headers.get("HX-Request") else None
    return {
        "me": me,
        "toast": toast,
        "theme_url": url_for("static", filename="app.css"),
        "navigation": list(panel.navigation(state.panels, me)) if me else [],
        "here": request.blueprint,
    }


def _state() -> State:
    from dashboard.who import state

    found: State = state()
    return found


class _Junk:
    "How the middleware says that a URL is no URL."

    @staticmethod
    def render(error: Any, request_id: str) -> tuple[str, str]:
        return error.message, "text/plain"


def _errors(app: Flask) -> None:
    app.register_error_handler(SessionEnded, auth.to_login)
    app.register_error_handler(
        NotAllowed, lambda e: _sorry(403, "Not allowed", str(NotAllowed.__doc__))
    )
    app.register_error_handler(
        NoSuchPage, lambda e: _sorry(404, "Not found", str(NoSuchPage.__doc__))
    )
    app.register_error_handler(
        CSRFError,
        lambda e: _sorry(
            400,
            "Please try again",
            "The form was too old, or was not sent from here. Nothing was changed.",
        ),
    )
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(
        HTTPException,
        lambda e: _sorry(
            e.code or 500, e.name, "There is no such page." if e.code == 404 else e.name + "."
        ),
    )
    app.register_error_handler(Exception, _bug)


def _problem(problem: Problem) -> Any:
    if request.headers.get("HX-Request") and request.method != "GET":
        return refused(problem)
    status = problem.status if 400 <= problem.status < 500 or problem.status in (503, 504) else 502
    title = {403: "Not allowed", 404: "Not found"}.get(status, "This did not work")
    return _sorry(status, title, problem.message)


def _bug(error: Exception) -> Any:
    import logging

    logging.getLogger(__name__).exception("%s %s", request.method, request.path, exc_info=error)
    number = request.environ.get("altostratus.request_id", "")
    return _sorry(
        500, "An error of the dashboard", f"The operator finds it in the log as {number}."
    )


def _sorry(status: int, title: str, message: str) -> Response:
    if request.headers.get("HX-Request"):
        return refused(Problem("", status, message))
    return Response(
        render_template("error.html", status=status, title=title, message=message), status
    )


def application() -> Flask:
    "What the WSGI server loads."
    from common import log
    from common.service import begin_worker

    begin_worker()
    config = options.load()
    log.setup(debug=config.debug, log_format=config.log_format)
    app = create_app(config)
    state: State = app.extensions["dashboard"]
    known = state.known
    bus = state.feed.listen(config.bus.url)
    bus.listen("identity.revoked", lambda topic, payload: known.forget())
    return app
