"""The few commands of QEMU's own protocol that libvirt has no call for."""

from __future__ import annotations

import json
from typing import Any

import libvirt
import libvirt_qemu

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt.host import Host


class QemuRefused(NodeError):
    "QEMU refused {command}: {why}"


def command(host: Host, server_id: str, name: str, arguments: dict[str, Any] | None = None) -> Any:
    "The answer of a QMP command. Raises QemuRefused."
    request = {"execute": name} | ({"arguments": arguments} if arguments else {})
    try:
        answer = json.loads(
            libvirt_qemu.qemuMonitorCommand(host.get(server_id), json.dumps(request), 0)
        )
    except libvirt.libvirtError as error:
        raise QemuRefused(command=name, why=error.get_error_message()) from None
    if "error" in answer:
        raise QemuRefused(command=name, why=answer["error"].get("desc", str(answer["error"])))
    return answer.get("return")


def node_of(host: Host, server_id: str, path: str) -> str:
    "QEMU's name of the format node of a file. Raises QemuRefused."
    for node in command(host, server_id, "query-named-block-nodes", {"flat": True}):
        if node.get("drv") == "qcow2" and node.get("file") == path:
            return str(node["node-name"])
    raise QemuRefused(command="query-named-block-nodes", why=f"no block device has the file {path}")


def delete_internal_snapshot(host: Host, server_id: str, path: str, name: str) -> None:
    """Delete a snapshot inside the qcow2 file that a running guest has open; nothing when there
    is none."""
    node = node_of(host, server_id, path)
    try:
        command(
            host,
            server_id,
            "blockdev-snapshot-delete-internal-sync",
            {"device": node, "name": name},
        )
    except QemuRefused as error:
        if "not found" not in str(error) and "does not exist" not in str(error):
            raise
