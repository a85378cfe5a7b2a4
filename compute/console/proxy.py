"""Websockets to guests' screens and serial lines.

A browser comes with a token in the query (`/?token=...`, or inside noVNC's `path`); the conductor
redeems it, once, for an address; from then on bytes go both ways. Whoever has no good token gets a
403 before the websocket exists. RFC 6455."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from common import metrics
from common.bus import open_bus
from common.errors import Error
from compute.console import options, pages
from compute.contracts.conductor import Consoles

LOG = logging.getLogger(__name__)
Redeem = Callable[[str], dict[str, Any]]


class Proxy:
    "Answers on one port. `redeem(token)` gives {host, port, socket} or raises common.errors.Error."

    def __init__(self, redeem: Redeem, files: pages.Pages, *, idle_s: float = 3600) -> None:
        self._redeem, self._files, self._idle_s = redeem, files, idle_s

    async def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        "Before the websocket: plain GETs get pages, a websocket needs a token. None lets it in."
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return self._page(request.path)
        token = token_of(request.path, request.headers.get("Cookie", ""))
        if not token:
            return answer(403)
        try:
            connection.target = await asyncio.to_thread(self._redeem, token)  # type: ignore[attr-defined]
        except Error as error:
            LOG.info("console refused: %s", error)
            return answer(403 if error.code < 500 else 503)
        return None

    def _page(self, path: str) -> Response:
        clean = urlsplit(path).path
        if clean == "/healthcheck":
            return answer(200, b"OK")
        if clean == "/metrics":
            body, kind = metrics.exposition()
            return answer(200, body, kind)
        found = self._files.get(clean)
        return answer(200, *found) if found else answer(404, b"not found")

    async def relay(self, connection: ServerConnection) -> None:
        "Bytes both ways until either side ends."
        target: dict[str, Any] = connection.target  # type: ignore[attr-defined]
        try:
            reader, writer = await _connect(target)
        except OSError as error:
            LOG.warning("console of %s: %s", target.get("server_id"), error)
            await connection.close(1011, "the console cannot be reached")
            return
        LOG.info("%s console of %s opened", target.get("kind"), target.get("server_id"))
        ways = [
            asyncio.create_task(_to_guest(connection, writer)),
            asyncio.create_task(_to_browser(reader, connection, self._idle_s)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            await connection.close()


async def _connect(target: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    "The guest's socket where it is on this host, else its port."
    path = target.get("socket")
    if path and Path(path).is_socket():
        return await asyncio.open_unix_connection(path)
    return await asyncio.wait_for(asyncio.open_connection(target["host"], int(target["port"])), 10)


async def _to_guest(connection: ServerConnection, writer: asyncio.StreamWriter) -> None:
    try:
        async for message in connection:
            writer.write(message.encode() if isinstance(message, str) else message)
            await writer.drain()
    except (ConnectionClosed, OSError):
        pass  # either end went away: `relay` closes the other


async def _to_browser(
    reader: asyncio.StreamReader, connection: ServerConnection, idle_s: float
) -> None:
    try:
        while data := await asyncio.wait_for(reader.read(65536), idle_s):
            await connection.send(data)
    except (ConnectionClosed, OSError, TimeoutError):
        pass  # as above, or nobody looks any more


def token_of(path: str, cookies: str = "") -> str:
    "The token of a request: in the query, or in noVNC's cookie."
    query = parse_qs(urlsplit(path).query)
    if query.get("token"):
        return query["token"][0]
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "token":
            return value
    return ""


def answer(status: int, body: bytes = b"", kind: str = "text/plain; charset=utf-8") -> Response:
    "A plain HTTP response, after which the connection is closed."
    headers = Headers(
        [
            ("Content-Length", str(len(body))),
            ("Content-Type", kind),
            ("Connection", "close"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ]
    )
    reason = {200: "OK", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable"}[status]
    return Response(status, reason, headers, body)


async def run(
    proxy: Proxy,
    host: str,
    port: int,
    started: Callable[[int], None] = lambda port: None,
    until: Callable[[], Awaitable[Any]] | None = None,
) -> None:
    "Serve until `until()` returns (SIGTERM by default)."
    async with serve_websockets(
        proxy.relay,
        host,
        port,
        process_request=proxy.admit,
        max_size=None,
        compression=None,
        select_subprotocol=_binary,
        server_header=None,
    ) as server:
        started(next(iter(server.sockets)).getsockname()[1])
        if until:
            await until()
            return
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()


def _binary(_connection: ServerConnection, offered: Any) -> Any:
    "noVNC offers `binary` in its older versions and nothing in the newer."
    return "binary" if "binary" in offered else None


def serve(config: Any) -> None:
    "The process: the conductor redeems tokens over the bus."
    options.register(config)
    consoles = open_bus(config.bus.url).client(Consoles)
    files = pages.Pages(
        Path(config.console.novnc_dir) if config.console.novnc_dir else pages.find_novnc()
    )
    proxy = Proxy(consoles.redeem, files, idle_s=config.console.idle_s)
    LOG.info("console proxy on %s:%d", config.console.bind_host, config.console.bind_port)
    asyncio.run(run(proxy, config.console.bind_host, config.console.bind_port))
