"""/v1/{account}/{container}"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from objectstore.api.listing import listing_format, parse_query, versions_format
from objectstore.api.request import Answer, Request, latin, quoted
from objectstore.core import access, accounts, clock, containers, metadata, sync
from objectstore.core.containers import Container, Settings
from objectstore.errors import ContainerNotFound, InvalidHeader
from objectstore.views import listings

PLAIN = ("Content-Type", listings.TYPES["plain"])
_OWNERS_ONLY = (
    ("read", "X-Container-Read"),
    ("write", "X-Container-Write"),
    ("sync_to", "X-Container-Sync-To"),
    ("sync_key", "X-Container-Sync-Key"),
)


def open_container(req: Request, action: str) -> tuple[Container, bool]:
    "The container and whether the caller counts as owner, once it is clear that he may."
    info = accounts.get(req.deps, req.account)
    container = containers.find(req.deps, req.account, req.container)
    owner = access.check_container(
        req.deps,
        req.caller,
        req.account,
        req.container,
        container.sysmeta if container else {},
        info.sysmeta,
        action,
        method=req.method,
    )
    if container is None:
        raise ContainerNotFound()
    return container, owner


def get(req: Request) -> Answer:
    "List objects."
    container, owner = open_container(req, "list")
    query = parse_query(req)
    if "versions" in req.query:
        form = versions_format(req)
        rows = containers.list_versions(
            req.deps, container.id, query, req.query.get("version_marker", "")
        )
        items = listings.version_items(rows)
    else:
        form = listing_format(req)
        if form == "json":
            headers = headers_of(req, container, owner)
            headers.append(("Content-Type", listings.TYPES[form]))
            body = containers.list_as_json(req.deps, container, query)
            if body is None:
                rows = containers.list_objects(req.deps, container.id, query)
                body = listings.objects_json(rows)
            return Answer(200, headers, body)
        if form == "plain":
            headers = headers_of(req, container, owner)
            body = containers.list_as_text(req.deps, container, query)
            if body is None:
                names = containers.list_names(req.deps, container.id, query)
                body = listings.names_text(names) if names else b""
            if not body:
                return Answer(204, [*headers, PLAIN])
            return Answer(200, [*headers, ("Content-Type", listings.TYPES[form])], body)
        rows = containers.list_objects(req.deps, container.id, query)
        items = listings.object_items(rows)
    headers = headers_of(req, container, owner)
    if form == "plain" and not items:
        return Answer(204, [*headers, PLAIN])
    body = listings.render(items, form, "container", "object", container.name)
    return Answer(200, [*headers, ("Content-Type", listings.TYPES[form])], body)


def head(req: Request) -> Answer:
    "Totals and metadata."
    container, owner = open_container(req, "list")
    return Answer(
        204,
        [*headers_of(req, container, owner), ("Content-Type", listings.TYPES[listing_format(req)])],
    )


def headers_of(req: Request, container: Container, owner: bool) -> list[tuple[str, str]]:
    "The headers of a container that the caller may see."
    state = container.sysmeta
    headers = [
        ("X-Container-Object-Count", str(container.objects)),
        ("X-Container-Bytes-Used", str(container.bytes + container.version_bytes)),
        ("X-Timestamp", clock.stamp(container.created)),
        ("X-Put-Timestamp", clock.stamp(container.created)),
        ("Last-Modified", clock.http_date(container.changed)),
        ("Accept-Ranges", "bytes"),
        ("X-Storage-Policy", req.deps.policy_at(container.policy).name),
    ]
    for name, value in container.meta.items():
        if owner or not name.startswith("temp-url-key"):
            headers.append((f"X-Container-Meta-{name.title()}", latin(value)))
    if owner:
        headers += [(header, latin(state[key])) for key, header in _OWNERS_ONLY if state.get(key)]
    if state.get("versioning") is not None:
        headers.append(("X-Versions-Enabled", str(state["versioning"])))
    if state.get("versions_location"):
        name = (
            "X-History-Location"
            if state.get("versions_mode") == "history"
            else "X-Versions-Location"
        )
        headers.append((name, quoted(state["versions_location"])))
    return headers


def put(req: Request) -> Answer:
    "Make the container, or change one."
    _may_change(req)
    settings = _settings(req)
    name = req.header("X-Storage-Policy")
    if name:
        settings.policy = req.deps.policy_named(name)
    _limit_rate(req)
    made = containers.put(req.deps, req.account, metadata.container_name(req.container), settings)
    return Answer(201 if made else 202, [PLAIN])


def post(req: Request) -> Answer:
    "Metadata, ACLs, versioning."
    _may_change(req)
    containers.post(req.deps, req.account, req.container, _settings(req))
    return Answer(204, [PLAIN])


def delete(req: Request) -> Answer:
    "Remove it, when it is empty."
    _may_change(req)
    _limit_rate(req)
    containers.delete(req.deps, req.account, req.container)
    return Answer(204, [PLAIN])


def _may_change(req: Request) -> None:
    info = accounts.get(req.deps, req.account)
    container = containers.find(req.deps, req.account, req.container)
    access.check_container(
        req.deps,
        req.caller,
        req.account,
        req.container,
        container.sysmeta if container else {},
        info.sysmeta,
        "own",
        method=req.method,
    )


def _limit_rate(req: Request) -> None:
    req.deps.limiter.take(f"account {req.account}", req.deps.config.limits.account_writes_per_s)


def _settings(req: Request) -> Settings:
    meta = {
        **dict.fromkeys(req.prefixed("X-Remove-Container-Meta-"), ""),
        **req.prefixed("X-Container-Meta-"),
    }
    for name in ("quota-bytes", "quota-count"):
        if meta.get(name) and not meta[name].isdecimal():
            raise InvalidHeader(
                header=f"X-Container-Meta-{name.title()}",
                reason="Invalid quota: must be a whole number",
            )
    sysmeta: dict[str, Any] = {}
    for key, header in _OWNERS_ONLY:
        if req.has("X-Remove-" + header[2:]):
            sysmeta[key] = ""
        if req.has(header):
            sysmeta[key] = req.header(header).strip()
    for key, header in (("read", "X-Container-Read"), ("write", "X-Container-Write")):
        if sysmeta.get(key):
            sysmeta[key] = access.clean_acl(header, sysmeta[key])
    if sysmeta.get("sync_to"):
        sync.check_target(req.deps, sysmeta["sync_to"])
    sysmeta.update(_versioning(req))
    return Settings(meta, sysmeta)


def _versioning(req: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if req.has("X-Versions-Enabled"):
        text = req.header("X-Versions-Enabled").strip().lower()
        if text not in ("true", "false", "1", "0", "yes", "no", "on", "off", "t", "f"):
            raise InvalidHeader(header="X-Versions-Enabled", reason="must be true or false")
        found["versioning"] = text in ("true", "1", "yes", "on", "t")
    for header, mode in (("X-Versions-Location", "stack"), ("X-History-Location", "history")):
        name = unquote(req.header(header).strip())
        if not name:
            if req.has(header) or req.has("X-Remove-" + header[2:]):
                found.setdefault("versions_location", "")
                found.setdefault("versions_mode", "")
        else:
            if found.get("versions_location"):
                raise InvalidHeader(
                    header="X-History-Location",
                    reason="only one of X-Versions-Location and X-History-Location may be set",
                )
            if "/" in name or len(name.encode()) > metadata.MAX_CONTAINER_NAME:
                raise InvalidHeader(header=header, reason="must be the name of a container")
            found.update(versions_location=name, versions_mode=mode)
    return found
