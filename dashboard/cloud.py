"""The APIs, with the token of whoever is logged in, through openstacksdk.

`Cloud.get("network", "/networks", "networks")` is one HTTP call and its JSON, or a `Problem` with
one plain sentence. `gather` makes
several at once and gives each part of a page its value or its problem, so that one service that
is down costs one part of a page.
"""

from __future__ import annotations

import contextvars
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from keystoneauth1 import access, exceptions, session
from keystoneauth1.identity.access import AccessInfoPlugin
from oslo_config import cfg

from dashboard.errors import Problem, SessionEnded

TITLES = {
    "compute": "compute",
    "image": "image",
    "network": "network",
    "object_store": "object storage",
    "volume": "volume",
    "identity": "identity",
    "placement": "placement",
}
TYPES = {"object_store": ("object-store",), "volume": ("block-storage", "volumev3", "volume")}
_PATHS = {"image": "/v2", "network": "/v2.0"}
COMPUTE_VERSION = "2.93"
VOLUME_VERSION = "3.60"
_POOL = ThreadPoolExecutor(8, thread_name_prefix="api")


@dataclass
class Part:
    "What one part of a page shows: a value, or why there is none."

    value: Any = None
    problem: Problem | None = None


class Transport:
    "What all people share: connections to the APIs and options. Holds no cookie and no token."

    def __init__(self, config: cfg.ConfigOpts) -> None:
        self.http = requests.Session()
        self.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.http.mount(
                scheme, requests.adapters.HTTPAdapter(pool_connections=8, pool_maxsize=32)
            )
        self.http.trust_env = False
        self.identity_url = re.sub(r"/v3/?$", "", config.identity.url).rstrip("/") + "/v3"
        self.timeout_s = config.cloud.timeout_s
        self.verify: bool | str = config.cloud.ca_file or True


class Cloud:
    "The APIs of one region as one person sees them."

    def __init__(self, transport: Transport, ref: access.AccessInfoV3, region: str | None) -> None:
        self.transport, self.ref, self.region = transport, ref, region
        self.calls: list[tuple[str, str, str, float]] = []
        """(service, method, path, seconds) of each call, for Server-Timing and the tests."""
        self._connection: Any = None
        self._proxies: dict[str, Any] = {}

    def endpoint(self, service: str) -> str | None:
        "The public URL of a service in this region, or None when the catalog lacks it."
        if service == "identity":
            return self.transport.identity_url
        for kind in TYPES.get(service, (service,)):
            url = (
                self.ref.service_catalog.url_for(
                    service_type=kind, interface="public", region_name=self.region
                )
                if self.ref.has_service_catalog() and _has(self.ref, kind, self.region)
                else None
            )
            if url:
                url = url.rstrip("/")
                path = _PATHS.get(service, "")
                return url if not path or re.search(r"/v\d(\.\d+)?$", url) else url + path
        return None

    def has(self, service: str) -> bool:
        "Whether the catalog lists the service."
        return self.endpoint(service) is not None

    def _sdk(self) -> Any:
        if self._connection is None:
            auth = AccessInfoPlugin(self.ref, auth_url=self.transport.identity_url)
            keystone = session.Session(
                auth=auth,
                session=self.transport.http,
                timeout=self.transport.timeout_s,
                verify=self.transport.verify,
                app_name="altostratus-dashboard",
            )
            from openstack.connection import Connection

            # kept: the session refers to it only weakly
            self._connection = Connection(session=keystone, region_name=self.region)
        return self._connection.session

    def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Any = None,
        headers: dict[str, str] | None = None,
        data: Any = None,
        stream: bool = False,
        version: str | None = None,
    ) -> requests.Response:
        """One HTTP call. Raises Problem for an answer of 400 and above, SessionEnded when the
        token is refused."""
        if not self.has(service):
            raise Problem(
                service, 404, f"This region has no {TITLES.get(service, service)} service."
            )
        if {".", ".."} & set(path.partition("?")[0].split("/")):
            # HTTP libraries would resolve them to a path that nobody meant
            raise Problem(service, 404, "There is no such thing.")
        extra: dict[str, Any] = {}
        if service == "compute":
            extra["microversion"] = version or COMPUTE_VERSION
        if service == "volume":
            extra["microversion"] = VOLUME_VERSION
        if body is not None:
            extra["json"] = body
        if data is not None:
            extra["data"] = data
        if stream:
            extra["stream"] = True
        proxy = self._proxy(service)
        began = time.perf_counter()
        try:
            answer = proxy.request(
                path, method, params=params, headers=headers or {}, raise_exc=False, **extra
            )
        except exceptions.ConnectTimeout:
            raise Problem(
                service, 504, f"The {TITLES.get(service, service)} service took too long to answer."
            ) from None
        except (exceptions.ClientException, requests.RequestException):
            raise Problem(
                service, 503, f"The {TITLES.get(service, service)} service does not answer."
            ) from None
        finally:
            self.calls.append((service, method, path, time.perf_counter() - began))
        if answer.status_code == 401:
            raise SessionEnded("expired")
        if answer.status_code >= 400:
            raise Problem(
                service, answer.status_code, sentence(service, answer.status_code, answer.text)
            )
        return answer

    def _proxy(self, service: str) -> Any:
        """openstacksdk's client of a service at the catalog's URL. It is made by hand because
        `connection.compute` asks for versions again in every request, which would double the
        calls of a page."""
        if service not in self._proxies:
            from openstack.proxy import Proxy

            kind = "block-storage" if service == "volume" else service.replace("_", "-")
            version: dict[str, Any] = {}
            if service == "placement":
                version["default_microversion"] = "1.36"
            self._proxies[service] = Proxy(
                self._sdk(),
                service_type=kind,
                endpoint_override=self.endpoint(service),
                interface="public",
                region_name=self.region,
                **version,
            )
        return self._proxies[service]

    def get(
        self,
        service: str,
        path: str,
        key: str | None = None,
        *,
        version: str | None = None,
        **params: Any,
    ) -> Any:
        """The JSON of a GET, or what is under `key` in it. `version`: a microversion of compute
        other than the usual one."""
        given = {k: v for k, v in params.items() if v not in (None, "")}
        body = _json(
            service, self.request(service, "GET", path, params=given or None, version=version)
        )
        return body[key] if key else body

    def post(self, service: str, path: str, body: Any, key: str | None = None) -> Any:
        "The JSON of a POST (None when the answer has none)."
        return _body(service, self.request(service, "POST", path, body=body), key)

    def put(self, service: str, path: str, body: Any = None, key: str | None = None) -> Any:
        "The JSON of a PUT."
        return _body(service, self.request(service, "PUT", path, body=body), key)

    def patch(
        self,
        service: str,
        path: str,
        body: Any,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        "The JSON of a PATCH."
        return _body(service, self.request(service, "PATCH", path, body=body, headers=headers), key)

    def delete(self, service: str, path: str) -> None:
        "DELETE; what is gone already is fine."
        try:
            self.request(service, "DELETE", path)
        except Problem as problem:
            if problem.status not in (404, 410):
                raise

    def gather(self, **wanted: Callable[[], Any]) -> dict[str, Part]:
        """All of `wanted` at once; each gives a Part. A token that is refused ends the session,
        whatever else came."""
        names = list(wanted)
        if names:
            self._sdk()
        jobs = [_POOL.submit(contextvars.copy_context().run, _part, wanted[name]) for name in names]
        return {name: job.result() for name, job in zip(names, jobs, strict=True)}


def _part(call: Callable[[], Any]) -> Part:
    try:
        return Part(call())
    except Problem as problem:
        return Part(problem=problem)


def _has(ref: access.AccessInfoV3, kind: str, region: str | None) -> bool:
    for entry in ref.service_catalog.catalog:
        if entry["type"] == kind:
            return any(
                e.get("interface") == "public"
                and region in (None, e.get("region_id"), e.get("region"))
                for e in entry.get("endpoints", ())
            )
    return False


def regions(ref: access.AccessInfoV3) -> list[str]:
    "The regions of the catalog, sorted."
    if not ref.has_service_catalog():
        return []
    return sorted(
        {
            e["region_id"]
            for entry in ref.service_catalog.catalog
            for e in entry.get("endpoints", ())
            if e.get("region_id")
        }
    )


def _json(service: str, answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Problem(
            service,
            502,
            f"The {TITLES.get(service, service)} service gave an answer that is not JSON.",
        ) from None


def _body(service: str, answer: requests.Response, key: str | None) -> Any:
    if not answer.content:
        return None
    if not key and "json" not in answer.headers.get("Content-Type", ""):
        return None
    body = _json(service, answer)
    return body[key] if key else body


def sentence(service: str, status: int, text: str) -> str:
    "What an error answer says, in one sentence, whatever the dialect of the service."
    found = ""
    try:
        found = _message(json.loads(text))
    except ValueError:
        if "<" in text:
            match = re.search(r"<p>(.*?)</p>", text, re.S)
            found = re.sub(r"<[^>]*>", " ", match[1]) if match else ""
        else:
            found = text
    found = " ".join(found.split())[:500]
    if found and status < 500:
        return found
    name = TITLES.get(service, service)
    if status == 403:
        return f"You are not allowed to do this ({name})."
    if status == 404:
        return "This does not exist (any more)."
    return f"The {name} service failed ({status})." + (f" It says: {found}" if found else "")


def _message(body: Any) -> str:
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("message"), str):
        return body["message"]
    if isinstance(body.get("errors"), list) and body["errors"]:
        first = body["errors"][0]
        return (
            str(first.get("detail") or first.get("title") or "") if isinstance(first, dict) else ""
        )
    for value in body.values():
        found = _message(value)
        if found:
            return found
    return ""
