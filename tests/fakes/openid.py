"""An OpenID Connect provider: discovery, keys, a login page that lets `person` in without asking,
and the token, UserInfo and introspection endpoints. As strict as the real ones where a client can
go wrong: codes work once, for the client and the redirect URI they were made for, with the PKCE
verifier that fits."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

PERSON = {"sub": "42", "preferred_username": "ann", "groups": ["staff", "lunch", "gone"]}


class Provider:
    """One that runs in a thread. `documents_more` changes what it says of itself; `refuse` is what
    the login page says instead of a code; `id_claims` go into ID tokens besides the usual."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        self.turn("one")
        self.person: dict[str, Any] = dict(PERSON)
        self.client = ("altostratus-cloud", "s/cret & more")
        self.id_claims: dict[str, Any] = {}
        self.documents_more: dict[str, Any] = {}
        self.refuse: str | None = None
        self.opaque: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.issuer = f"{self.base}/realms/r"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def turn(self, key_id: str) -> None:
        "Sign with a new key from now on."
        self.key_id = key_id
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def _documents(self) -> dict[str, Any]:
        algorithm = jwt.algorithms.RSAAlgorithm
        keys = [
            json.loads(algorithm.to_jwk(key.public_key())) | {"kid": key_id, "use": "sig"}
            for key_id, key in self.keys.items()
        ]
        document = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.base}/keys",
            "authorization_endpoint": f"{self.base}/authorize?realm=r",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "introspection_endpoint": f"{self.base}/introspect",
        } | self.documents_more
        return {
            "/realms/r/.well-known/openid-configuration": document,
            "/keys": {"keys": keys},
        }

    def token(self, **more: Any) -> str:
        "A signed token of the person, for `altostratus`; a claim that is None is left out."
        claims = {"iss": self.issuer, "aud": "altostratus", "exp": time.time() + 600}
        claims |= self.person | more
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.keys[self.key_id], "RS256", {"kid": self.key_id})

    def _authorize(self, asked: dict[str, str]) -> str:
        "Where the login page sends the browser."
        assert asked["response_type"] == "code" and "openid" in asked["scope"].split()
        assert asked["client_id"] == self.client[0] and asked["realm"] == "r"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        said = {"error": self.refuse} if self.refuse else {"code": code, "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(said | {'state': asked['state']})}"

    def _token(self, form: dict[str, str], client: tuple[str, str]) -> tuple[int, Any]:
        asked = self._codes.pop(form.get("code", ""), None)
        if client != self.client:
            return 401, {"error": "invalid_client"}
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        known = {"aud": self.client[0], "nonce": asked["nonce"], "groups": None} | self.id_claims
        access = secrets.token_urlsafe(16)
        self.opaque[access] = {"client_id": self.client[0]}
        return 200, {"id_token": self.token(**known), "access_token": access}

    def _introspect(self, form: dict[str, str], client: tuple[str, str]) -> tuple[int, Any]:
        if client != self.client:
            return 401, {"error": "invalid_client"}
        known = self.opaque.get(form["token"])
        if known is None:
            return 200, {"active": False}
        return 200, {"active": True, "exp": time.time() + 600, **self.person, **known}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                where = urlsplit(self.path)
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                if where.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Set-Cookie", "idp=1")
                    to = provider._authorize(dict(parse_qsl(where.query, strict_parsing=True)))
                    self.send_header("Location", to)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif where.path == "/userinfo":
                    known = bearer in provider.opaque
                    self._answer(200 if known else 401, provider.person if known else {})
                else:
                    self._answer(200, provider._documents().get(where.path))

            def do_POST(self) -> None:
                provider.asked += 1
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(parse_qsl(text))
                basic = self.headers.get("Authorization", "").removeprefix("Basic ")
                name, _, secret = base64.b64decode(basic).decode().partition(":")
                client = (unquote_plus(name), unquote_plus(secret))
                if not basic:
                    client = (form.get("client_id", ""), form.get("client_secret", ""))
                act = provider._token if self.path == "/token" else provider._introspect
                self._answer(*act(form, client))

            def _answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def close(self) -> None:
        "Stop."
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
