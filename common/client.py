"""Calling the other services over HTTP: as this service itself, or with the caller's token."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from common.context import request_id_var
from common.errors import Unavailable

if TYPE_CHECKING:
    from common.context import Context


class ServiceUnreachable(Unavailable):
    "The {service} service cannot be reached: {reason}"


class NoSuchService(Unavailable):
    "This cloud has no {service} service."


class Services:
    """Adapters for the other services. `http` is the requests session beneath (tests mount WSGI
    apps on it). Thread-safe.

    `services.network.get("/v2.0/ports", raise_exc=False)`; every adapter raises ServiceUnreachable
    where nobody answers.
    """

    def __init__(self, config: cfg.ConfigOpts, http: Any = None, auth: Any = None) -> None:
        self.config, self._http, self._auth = config, http, auth
        self._lock = threading.Lock()
        self._own: Any = None

    def _session(self) -> Any:
        with self._lock:
            if self._own is None:
                from keystoneauth1 import session
                from keystoneauth1.identity import v3

                identity = self.config.identity
                auth = self._auth or v3.Password(
                    identity.url.rstrip("/") + "/v3",
                    username=identity.service_user,
                    password=identity.service_password,
                    user_domain_id="default",
                    project_name=identity.service_project,
                    project_domain_id="default",
                )
                self._own = session.Session(
                    auth=auth,
                    session=self._http or _http_session(),
                    timeout=60,
                    user_agent=f"altostratus-{self.config.service}",
                )
            return self._own

    def __getattr__(self, name: str) -> Peer:
        return Peer(self._session(), name.replace("_", "-"), self._endpoint(name))

    def _endpoint(self, name: str) -> str:
        if name == "identity":
            return self.config.identity.url.rstrip("/")
        if name not in ("image", "network", "compute", "placement", "object_store", "volume"):
            raise AttributeError(name)
        url = getattr(self.config.endpoints, name)
        if not url:
            raise NoSuchService(service=name.replace("_", "-"))
        return url.rstrip("/")

    def has(self, name: str) -> bool:
        "Whether the configuration names an endpoint of service `name`."
        return bool(getattr(self.config.endpoints, name, ""))

    def of(self, ctx: Context) -> Caller:
        "The same services, called with the token of `ctx`."
        return Caller(self, ctx)

    def token(self) -> str:
        "A token of this service's own user."
        return str(self._session().get_token())

    def project_id(self) -> str:
        "The project of this service's own user."
        return str(self._session().get_project_id())

    def identity_json(self, path: str, authenticated: bool = True) -> Mapping[str, Any]:
        "GET a JSON document of the identity service."
        response = self.identity.get(path, authenticated=authenticated)
        answer: Mapping[str, Any] = response.json()
        return answer


class Caller:
    "Adapters that act with a caller's token; they share the connections of `Services`."

    def __init__(self, services: Services, ctx: Context) -> None:
        self._services, self._ctx = services, ctx

    def __getattr__(self, name: str) -> Peer:
        return Peer(
            self._services._session(),
            name.replace("_", "-"),
            self._services._endpoint(name),
            self._ctx.token,
        )


class Peer:
    """One service at one URL. Methods take keystoneauth's options (json=, headers=, microversion=,
    raise_exc=)."""

    def __init__(self, session: Any, service: str, url: str, token: str | None = None) -> None:
        self._session, self.service, self.url, self._token = session, service, url, token

    def request(self, method: str, path: str, **options: Any) -> Any:
        """An answer (requests.Response). Raises keystoneauth1 HTTP errors unless raise_exc=False,
        and ServiceUnreachable."""
        from keystoneauth1 import exceptions

        headers = dict(options.pop("headers", None) or {})
        request_id = request_id_var.get()
        if request_id != "-":
            headers.setdefault("X-OpenStack-Request-ID", request_id)
        if self._token is not None:
            headers["X-Auth-Token"] = self._token
            options["authenticated"] = False
        if "microversion" in options:
            options.setdefault("microversion_service_type", self.service)
        try:
            return self._session.request(self.url + path, method, headers=headers, **options)
        except (
            exceptions.ConnectFailure,
            exceptions.ConnectTimeout,
            exceptions.SSLError,
            exceptions.UnknownConnectionError,
            exceptions.RetriableConnectionFailure,
        ) as error:
            raise ServiceUnreachable(service=self.service, reason=error) from error

    def get(self, path: str, **options: Any) -> Any:
        "GET."
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> Any:
        "HEAD."
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        "POST."
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Any:
        "PUT."
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Any:
        "PATCH."
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Any:
        "DELETE."
        return self.request("DELETE", path, **options)


def _http_session() -> Any:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = (
        False  # a proxy of the machine's environment is not for traffic inside the cloud
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=32))
    return session


__all__ = ["Caller", "NoSuchService", "Peer", "ServiceUnreachable", "Services"]
