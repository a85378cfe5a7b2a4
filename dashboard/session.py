"""The session: one cookie, encrypted and authenticated, that holds the token and a few choices.

No process keeps sessions, so any number of dashboards can stand behind one address. What makes a
stolen cookie worthless after
log-out is that the token in it is revoked then. Fernet (AES-128-CBC, HMAC-SHA256) protects the
content; its key is derived
from the operator's secret, or kept in the state directory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import zlib
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from oslo_config import cfg
from werkzeug.datastructures import CallbackDict

from common.config import state_path

COOKIE = "altostratus_session"
REFRESH_S = 60
"""How old the time of the last click in a cookie may become before a new cookie is sent."""


class Session(CallbackDict[str, Any], SessionMixin):
    "What the cookie holds: `token`, `seen` (Unix time), `region`, `csrf_token`, `receipt`, ..."

    def __init__(self, initial: dict[str, Any] | None = None) -> None:
        def changed(self: Session) -> None:
            self.modified = True

        super().__init__(initial or {}, changed)
        self.modified = False
        self.accessed = True


class EncryptedCookies(SessionInterface):
    "Reads and writes the cookie."

    def __init__(self, secret: str, idle_s: int, secure: bool) -> None:
        key = base64.urlsafe_b64encode(hashlib.sha256(b"session:" + secret.encode()).digest())
        self._fernet = Fernet(key)
        self.idle_s, self.secure = idle_s, secure

    def open_session(self, app: Flask, request: Request) -> Session:
        "The session of the request; an empty one when the cookie is absent, forged or too old."
        text = request.cookies.get(COOKIE)
        if not text:
            return Session()
        try:
            data = json.loads(zlib.decompress(self._fernet.decrypt(text.encode())))
        except (InvalidToken, ValueError, zlib.error):
            return Session()
        session = Session(data)
        now = time.time()
        if now - data.get("seen", 0) > self.idle_s:
            return Session({"ended": "idle"} if data.get("token") else {})
        background = (
            "X-Background" in request.headers or request.headers.get("HX-Trigger") == "listing"
        )
        if now - data.get("seen", 0) > REFRESH_S and not background:
            session["seen"] = int(now)
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        "Send the cookie when the session changed; delete it when it is empty."
        if not session.modified:
            return
        if not session:
            response.delete_cookie(COOKIE, path="/")
            return
        session.setdefault("seen", int(time.time()))
        text = self._fernet.encrypt(zlib.compress(json.dumps(dict(session)).encode(), 6)).decode()
        from flask import request

        response.set_cookie(
            COOKIE,
            text,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.secure or request.is_secure,
        )


def secret_of(config: cfg.ConfigOpts) -> str:
    "The configured secret, or the one in the state directory (made on first use, mode 0600)."
    if config.session.secret:
        return config.session.secret
    path = Path(state_path(config), "session.secret")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(fd, "w") as out:
        out.write(base64.urlsafe_b64encode(os.urandom(48)).decode())
    return path.read_text()
