"""The console proxy: a good token gets bytes both ways, a bad one a 403, and no file outside is
served."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from common.errors import NotFound
from compute.agent.relay import Relay
from compute.console import pages
from compute.console.proxy import Proxy, run, token_of


class NoToken(NotFound):
    "No such token."


class Console:
    "A proxy in a thread, and a guest that echoes on a Unix socket."

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "guest.s"
        self.tokens: dict[str, dict[str, Any]] = {}
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        threading.Thread(target=self._guest, args=(listener,), daemon=True).start()
        novnc = tmp_path / "novnc"
        (novnc / "core").mkdir(parents=True)
        (novnc / "core/rfb.js").write_text("export default class {}")
        (tmp_path / "secret").write_text("secret")
        self.ended, started = threading.Event(), threading.Event()
        proxy = Proxy(self._redeem, pages.Pages(novnc))

        def begin(port: int) -> None:
            self.port = port
            started.set()

        def serve() -> None:
            asyncio.run(
                run(proxy, "127.0.0.1", 0, begin, lambda: asyncio.to_thread(self.ended.wait))
            )

        self.thread = threading.Thread(target=serve)
        self.thread.start()
        assert started.wait(10)

    def _redeem(self, token: str) -> dict[str, Any]:
        if token not in self.tokens:
            raise NoToken()
        return self.tokens.pop(token)

    def _guest(self, listener: socket.socket) -> None:
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=self._echo, args=(peer,), daemon=True).start()

    def _echo(self, peer: socket.socket) -> None:
        peer.sendall(b"RFB 003.008\n")
        while data := peer.recv(4096):
            peer.sendall(data.upper())

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path)
    yield made
    made.ended.set()
    made.thread.join(10)


def test_a_token_opens_a_console_once(console: Console) -> None:
    console.tokens["good"] = {"socket": str(console.path), "kind": "vnc", "server_id": "s"}
    url = f"ws://127.0.0.1:{console.port}/?token=good"
    with connect(url, subprotocols=["binary"]) as guest:  # type: ignore[list-item]
        assert guest.subprotocol == "binary"
        assert guest.recv() == b"RFB 003.008\n"
        guest.send(b"hello")
        assert guest.recv() == b"HELLO"
    with pytest.raises(InvalidStatus) as refused:
        connect(url)
    assert refused.value.response.status_code == 403


def test_a_host_elsewhere_is_reached_through_its_relay(console: Console) -> None:
    host, port = Relay("127.0.0.1").offer(str(console.path))
    console.tokens["far"] = {"socket": "/not/here", "host": host, "port": port}
    with connect(f"ws://127.0.0.1:{console.port}/websockify?token=far") as guest:
        assert guest.recv() == b"RFB 003.008\n"
        guest.send("text")
        assert guest.recv() == b"TEXT"
    with pytest.raises(OSError):
        socket.create_connection((host, port), timeout=1)


def test_no_token_no_websocket(console: Console) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{console.port}/")
    assert refused.value.response.status_code == 403 and not refused.value.response.body


def test_a_guest_that_is_gone_closes_the_websocket(console: Console) -> None:
    console.tokens["dead"] = {"host": "127.0.0.1", "port": 9}
    with connect(f"ws://127.0.0.1:{console.port}/?token=dead") as guest:
        with pytest.raises(Exception, match="cannot be reached"):
            guest.recv()


def test_pages(console: Console) -> None:
    status, body = console.get("/vnc_auto.html?path=%3Ftoken%3Dx")
    assert status == 200 and b"<title>noVNC</title>" in body and b"/novnc/core/rfb.js" in body
    assert console.get("/novnc/core/rfb.js")[0] == 200
    assert console.get("/healthcheck") == (200, b"OK")
    assert console.get("/metrics")[0] == 200
    for path in (
        "/novnc/../secret",
        "/novnc/%2e%2e/secret",
        "/novnc//etc/passwd",
        "/novnc/core",
        "/x",
    ):
        assert console.get(path)[0] == 404


def test_tokens_are_found_where_clients_put_them() -> None:
    assert token_of("/?token=a") == "a"
    assert token_of("/websockify", "x=1; token=b") == "b"
    assert token_of("/") == ""
