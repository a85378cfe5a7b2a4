"""Volumes: Cinder's connection_info as the `<source>` of a disk.

QEMU itself opens local files and devices, NBD, RBD and iSCSI (libiscsi): the host's kernel attaches
nothing, so nothing is left attached after a crash. Fields: "connection_info" of the block storage
service's attachments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt import devices
from compute.agent.drivers.libvirt.devices import Target
from compute.agent.drivers.libvirt.tree import new, put
from compute.agent.drivers.libvirt.wishes import Wishes
from compute.contracts.specs import Disk


class BadConnection(NodeError):
    "Volume {volume_id} cannot be attached: {why}"


def target(disk: Disk, wishes: Wishes, secret_uuid: str | None = None) -> Target:
    "The disk of a volume. Raises BadConnection."
    kind = str(disk.connection.get("driver_volume_type") or "")
    data: Any = disk.connection.get("data") or {}
    make = _SOURCES.get(kind)
    if make is None:
        raise BadConnection(
            volume_id=disk.volume_id, why=f"this host knows no volumes of kind {kind or '(none)'}."
        )
    if data.get("encrypted"):
        raise BadConnection(
            volume_id=disk.volume_id, why="encrypted volumes are not supported by this host."
        )
    try:
        source = make(data, secret_uuid)
    except KeyError as missing:
        raise BadConnection(
            volume_id=disk.volume_id, why=f"its connection lacks {missing}."
        ) from None
    qos = data.get("qos_specs") or {}
    return Target(
        source,
        driver_format=str(data.get("format") or "raw"),
        cache=str(data.get("cache") or "none"),
        serial=str(disk.volume_id or ""),
        read_only=disk.read_only or data.get("access_mode") == "ro",
        shareable=bool(disk.connection.get("multiattach") or data.get("multiattach")),
        io=devices.disk_limits(wishes, qos) if qos else {},
        device=disk.device_type,
    )


def secret_of(disk: Disk) -> tuple[str, str, str] | None:
    "(usage type, usage, value) of the secret that libvirt needs to open the volume, or None."
    kind, data = disk.connection.get("driver_volume_type"), disk.connection.get("data")
    if not isinstance(data, Mapping):
        return None
    if kind == "iscsi" and data.get("auth_password"):
        return (
            "iscsi",
            f"{data['target_iqn']}/{data.get('target_lun', 0)}",
            str(data["auth_password"]),
        )
    if kind == "rbd" and data.get("keyring"):
        return "ceph", f"client.{data.get('auth_username')}", _ceph_key(str(data["keyring"]))
    return None


def _ceph_key(keyring: str) -> str:
    "The key of a keyring file, or the bare key."
    for line in keyring.splitlines():
        name, found, value = line.partition("=")
        if found and name.strip() == "key":
            return value.strip()
    return keyring.strip()


def _local(data: Mapping[str, Any], secret: str | None) -> Any:
    path = str(data.get("device_path") or data.get("path") or data["name"])
    if not os.path.isabs(path):
        raise BadConnection(volume_id=path, why="its path is not absolute.")
    if path.startswith("/dev/"):
        return new("source", type="block", dev=path)
    return new("source", type="file", file=path)


def _nbd(data: Mapping[str, Any], secret: str | None) -> Any:
    name = data.get("export") or data.get("export_name") or data.get("name")
    source = new(
        "source",
        type="network",
        protocol="nbd",
        name=name or None,
        tls="yes" if data.get("tls") else None,
    )
    socket = data.get("socket") or data.get("unix_socket")
    if socket:
        put(source, "host", transport="unix", socket=socket)
    else:
        put(
            source,
            "host",
            name=data.get("host") or data["server_hostname"],
            port=data.get("port") or data.get("server_port") or 10809,
        )
    # a volume server that is restarted must not kill the guest's disk
    put(source, "reconnect", delay=int(data.get("reconnect_delay_s", 60)))
    return source


def _rbd(data: Mapping[str, Any], secret: str | None) -> Any:
    source = new("source", type="network", protocol="rbd", name=data["name"])
    for host, port in zip(data.get("hosts", []), data.get("ports", []), strict=False):
        put(source, "host", name=host, port=port)
    if data.get("auth_enabled"):
        auth = put(source, "auth", username=data["auth_username"])
        put(auth, "secret", type="ceph", uuid=secret or data["secret_uuid"])
    return source


def _iscsi(data: Mapping[str, Any], secret: str | None) -> Any:
    host, _, port = str(data["target_portal"]).rpartition(":")
    source = new(
        "source",
        type="network",
        protocol="iscsi",
        name=f"{data['target_iqn']}/{data.get('target_lun', 0)}",
    )
    put(source, "host", name=host.strip("[]"), port=port)
    if data.get("auth_method") == "CHAP" and secret:
        put(
            put(source, "auth", username=data["auth_username"]), "secret", type="iscsi", uuid=secret
        )
    return source


_SOURCES = {"local": _local, "nbd": _nbd, "rbd": _rbd, "iscsi": _iscsi, "file": _local}
