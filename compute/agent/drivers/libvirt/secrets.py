"""Secrets that libvirt needs to open volumes (CephX, CHAP): defined while a server uses them,
never written to disk."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import libvirt

from compute.agent.drivers.libvirt import volumes
from compute.agent.drivers.libvirt.host import Host
from compute.agent.drivers.libvirt.tree import new, put, text
from compute.contracts.specs import Disk

_NAMES = uuid.UUID("6a2e7d0c-5a86-4f55-9d1c-2f3a0e4a7b11")
_USAGE = {"ceph": libvirt.VIR_SECRET_USAGE_TYPE_CEPH, "iscsi": libvirt.VIR_SECRET_USAGE_TYPE_ISCSI}


class Secrets:
    "Secrets in libvirt, one for each account: their ids follow from what they are for."

    def __init__(self, host: Host) -> None:
        self.host = host

    def ensure(self, disk: Disk) -> str | None:
        "The id of the secret for a volume, defined and set; None where the volume needs none."
        wanted = volumes.secret_of(disk)
        if wanted is None:
            return None
        kind, usage, value = wanted
        secret_id = str(uuid.uuid5(_NAMES, f"{kind} {usage}"))
        element = new("secret", ephemeral=True, private=True)
        put(element, "uuid", secret_id)
        use = put(element, "usage", type=kind)
        put(use, "name" if kind == "ceph" else "target", usage)
        with self.host.doing("keep the secret of a volume"):
            connection = self.host.connection()
            secret: Any = connection.secretDefineXML(text(element), 0)
            secret.setValue(_decoded(kind, value), 0)
        return secret_id


def _decoded(kind: str, value: str) -> bytes:
    return base64.b64decode(value) if kind == "ceph" else value.encode()
