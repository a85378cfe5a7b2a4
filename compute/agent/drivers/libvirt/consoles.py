"""Consoles of guests: the kept log of the serial line, and where VNC and the serial line can be
reached."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt.host import Host
from compute.agent.drivers.libvirt.store import InstanceStore
from compute.agent.relay import Relay

_MOST = 1024 * 1024
"""Most bytes of a console log that one call answers."""


class NoConsole(NodeError):
    "The server has no {kind} console now: it is not running."


class UnknownConsole(NodeError):
    "Consoles of type {kind} are not offered here; vnc and serial are."


class Consoles:
    "Logs and addresses."

    def __init__(self, host: Host, store: InstanceStore, relay: Relay) -> None:
        self.host, self.store, self.relay = host, store, relay

    def log(self, server_id: str, lines: int | None) -> str:
        """The last `lines` lines, or all that is kept. Raises NoSuchServer when the host knows
        nothing of the server."""
        path = Path(self.store.files(server_id).console_log)
        if not path.parent.is_dir():
            self.host.get(server_id)
        data = _tail(path, _MOST)
        for older in (path.with_name(path.name + ".0"), path.with_name(path.name + ".1")):
            if len(data) >= _MOST:
                break
            data = _tail(older, _MOST - len(data)) + data
        shown = data.decode("utf-8", errors="replace")
        if lines is None or lines < 0:
            return shown
        return (
            "\n".join(
                shown.split("\n")[-lines:]
                if not shown.endswith("\n")
                else shown.split("\n")[-lines - 1 :]
            )
            if lines
            else ""
        )

    def where(self, server_id: str, kind: str) -> dict[str, Any]:
        """host, port and (serial) socket for the console proxy. Raises NoConsole or
        UnknownConsole."""
        domain = self.host.get(server_id)
        if kind not in {"vnc", "serial"}:
            raise UnknownConsole(kind=kind)
        with self.host.doing("describe the server"):
            root = ET.fromstring(domain.XMLDesc(0))
        if kind == "vnc":
            graphics = root.find("devices/graphics[@type='vnc']")
            port = int(graphics.get("port", "-1")) if graphics is not None else -1
            if port <= 0 or graphics is None:
                raise NoConsole(kind=kind)
            return {
                "host": graphics.get("listen", "127.0.0.1"),
                "port": port,
                "internal_access_path": None,
            }
        source = root.find("devices/serial/source")
        path = source.get("path", "") if source is not None else ""
        if not path or not domain.isActive():
            raise NoConsole(kind=kind)
        address, port = self.relay.offer(path)
        return {"host": address, "port": port, "socket": path, "internal_access_path": None}

    def rotate(self, limit_bytes: int) -> None:
        """Keep logs small where virtlogd does not do it: what is over the limit moves to `.0`.
        QEMU appends, so the file may be cut under its hands."""
        for server_id in self.store.servers():
            path = Path(self.store.files(server_id).console_log)
            try:
                if path.stat().st_size <= limit_bytes:
                    continue
                older = path.with_name(path.name + ".0")
                part = older.with_name(older.name + ".part")
                part.write_bytes(_tail(path, limit_bytes))
                os.replace(part, older)
                os.truncate(path, 0)
            except FileNotFoundError:
                continue


def _tail(path: Path, size: int) -> bytes:
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - size))
            return stream.read(size)
    except FileNotFoundError:
        return b""
