"""The directory of one server: its disks, its console, and what the server should be.

`instances/<server id>/`: disk, disk.eph0, disk.swap, disk.config, disk.rescue, console.log,
server.json. Every file appears under its name only when it is whole."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.bus.contract import from_wire, to_wire
from compute.agent.drivers import NoSuchServer
from compute.agent.drivers.libvirt.domain import Files
from compute.contracts.specs import ServerSpec


class InstanceStore:
    "All servers' directories."

    def __init__(self, root: Path, run: Path) -> None:
        self.root, self.run = root, run
        root.mkdir(parents=True, exist_ok=True, mode=0o711)
        run.mkdir(parents=True, exist_ok=True, mode=0o711)

    def path(self, server_id: str, name: str = "") -> Path:
        "A file of a server."
        return self.root / server_id / name if name else self.root / server_id

    def make(self, server_id: str) -> Path:
        "The directory, made if it is not there."
        path = self.path(server_id)
        path.mkdir(exist_ok=True, mode=0o711)
        return path

    def files(self, server_id: str) -> Files:
        """What the XML names. Sockets lie apart: a socket's path may have 107 characters, and no
        more."""
        return Files(str(self.path(server_id, "console.log")), str(self.socket(server_id)))

    def socket(self, server_id: str, kind: str = "serial") -> Path:
        "The socket of the serial console, or of a `backup`. Short: see `files`."
        return self.run / f"{server_id[:13]}.{kind[0]}"

    def save(self, spec: ServerSpec, extra: dict[str, Any] | None = None) -> None:
        "Remember what the server is, without its secrets."
        kept = replace(
            spec,
            admin_password=None,
            metadata_files={},
            disks=[_without_token(d) for d in spec.disks],
        )
        if kept.rescue_image:
            kept.rescue_image = replace(kept.rescue_image, token="")
        path = self.path(spec.id, "server.json")
        part = path.with_name("server.json.part")
        part.write_text(json.dumps({"spec": to_wire(kept), "extra": extra or {}}))
        part.chmod(0o600)
        os.replace(part, path)

    def load(self, server_id: str) -> ServerSpec:
        "What the server is. Raises NoSuchServer."
        spec: ServerSpec = from_wire(ServerSpec, self._read(server_id)["spec"])
        return spec

    def extra(self, server_id: str) -> dict[str, Any]:
        "What else was remembered: rescue, sizes before a resize."
        try:
            found: dict[str, Any] = self._read(server_id)["extra"]
        except NoSuchServer:
            return {}
        return found

    def _read(self, server_id: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.path(server_id, "server.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise NoSuchServer(server_id=server_id) from None
        return found

    def remove(self, server_id: str) -> None:
        """Delete all files of a server. The directory is renamed first: what is half deleted is
        no server any more."""
        path = self.path(server_id)
        gone = self.root / f".gone-{server_id}"
        if path.exists():
            shutil.rmtree(gone, ignore_errors=True)
            os.replace(path, gone)
        shutil.rmtree(gone, ignore_errors=True)
        self.socket(server_id).unlink(missing_ok=True)

    def sweep(self) -> None:
        "Finish deletions that were cut off."
        for gone in self.root.glob(".gone-*"):
            shutil.rmtree(gone, ignore_errors=True)

    def servers(self) -> set[str]:
        "Ids of all servers that have files here."
        return {p.name for p in self.root.iterdir() if p.is_dir() and not p.name.startswith(".")}


def _without_token(disk: Any) -> Any:
    return replace(disk, image=replace(disk.image, token="")) if disk.image else disk
