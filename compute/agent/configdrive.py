"""The config drive: the metadata tree on an ISO 9660 file system labelled `config-2`.

Format: OpenStack's config drive. cloud-init and our own guest find it by its label. It is attached
as a disk, not as a cdrom: cloud kernels often lack drivers for emulated cdroms but always have
virtio."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from pathlib import Path

import pycdlib

LABEL = "config-2"


def write(path: Path, files: Mapping[str, str]) -> None:
    """Make the drive at `path`; the file is whole or not there. Keys are paths in the tree,
    values text; a key that begins with `base64:` names a file whose value is base64 (user data
    may be binary)."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    made: set[str] = set()
    for number, (name, data) in enumerate(sorted(_decoded(files).items())):
        parts = [p for p in name.split("/") if p]
        for depth in range(1, len(parts)):
            _directory(iso, parts[:depth], made)
        iso.add_fp(
            io.BytesIO(data),
            len(data),
            f"{_iso_path(parts[:-1])}/F{number:05d}.;1",
            rr_name=parts[-1],
            joliet_path="/" + "/".join(parts),
        )
    part = path.with_name(path.name + ".part")
    iso.write(str(part))
    iso.close()
    os.replace(part, path)


def _decoded(files: Mapping[str, str]) -> dict[str, bytes]:
    marker = "base64:"
    return {
        name.removeprefix(marker): base64.b64decode(text)
        if name.startswith(marker)
        else text.encode()
        for name, text in files.items()
    }


def _directory(iso: pycdlib.PyCdlib, parts: list[str], made: set[str]) -> None:
    joined = "/".join(parts)
    if joined in made:
        return
    made.add(joined)
    iso.add_directory(_iso_path(parts), rr_name=parts[-1], joliet_path="/" + joined)


def _iso_path(parts: list[str]) -> str:
    "Plain ISO names are short capitals; the names that people see are in Rock Ridge and Joliet."
    return "".join("/" + "".join(c if c.isalnum() else "_" for c in p.upper())[:31] for p in parts)
