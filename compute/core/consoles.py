"Consoles: a token is made here, used up once by the console proxy, and known only by its hash."

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from common.context import Context
from common.db import utcnow
from common.errors import Error, Unsupported
from compute.contracts.agent import Agent
from compute.core import Deps, servers, state
from compute.errors import (
    ConsoleKindUnavailable,
    ConsoleTokenNotFound,
    ConsoleUnavailable,
    HostDown,
    ServerNotReady,
)
from compute.store import quotas as store
from compute.store.models import ConsoleToken

KINDS = {"vnc": "vnc", "serial": "serial"}


def make(deps: Deps, ctx: Context, server_id: str, kind: str, console_type: str) -> dict[str, str]:
    """A URL that opens the console once, within `token_ttl_s`. Raises ConsoleKindUnavailable,
    ServerNotReady, HostDown."""
    server = servers.get(deps, ctx, server_id, "os-remote-consoles")
    if kind not in KINDS or console_type not in ("novnc", "serial"):
        if console_type in (
            "novnc",
            "xvpvnc",
            "spice-html5",
            "serial",
            "rdp-html5",
            "webmks",
            "spice-direct",
        ):
            raise ConsoleKindUnavailable(kind=console_type)
        raise Unsupported(f"Console type {console_type} is not known.")
    state.check(server, "remote_console")
    if server.host is None:
        raise ServerNotReady(server_id=server.id)
    try:
        target = deps.bus.client(Agent, ctx, host=server.host).console(server.id, kind)
    except Error as error:
        if error.code == 503:
            raise HostDown(host=server.host, server_id=server.id) from None
        raise ConsoleUnavailable(server_id=server.id, kind=kind, reason=error.message) from None
    token = secrets.token_urlsafe(32)
    url = deps.config.console.base_url.rstrip("/")
    with deps.db.write() as session:
        session.add(
            ConsoleToken(
                token_hash=digest(token),
                server_id=server.id,
                host=server.host,
                kind=kind,
                target=dict(target),
                access_url_base=url,
                expires_at=utcnow() + timedelta(seconds=deps.config.console.token_ttl_s),
            )
        )
    return {"type": console_type, "url": _url(url, console_type, token)}


def _url(base: str, console_type: str, token: str) -> str:
    if console_type == "serial":
        return f"{base.replace('http', 'ws', 1)}/?token={token}"
    return f"{base}/vnc_auto.html?path={quote(f'?token={token}', safe='')}"


def digest(token: str) -> str:
    "What is stored of a token."
    return hashlib.sha256(token.encode()).hexdigest()


def look(deps: Deps, token: str) -> dict[str, Any]:
    "What a token opens, for administrators; it is not used up. Raises ConsoleTokenNotFound."
    with deps.db.read() as session:
        row = store.console_token(session, digest(token))
    if row is None or row.expires_at < utcnow() or row.used_at is not None:
        raise ConsoleTokenNotFound()
    return {
        "instance_uuid": row.server_id,
        "host": str(row.target.get("host") or row.host),
        "port": int(row.target.get("port") or 0),
        "internal_access_path": row.target.get("internal_access_path") or None,
    }
