"Interfaces and volume attachments as JSON."

from collections.abc import Mapping
from typing import Any

from common.http import Version
from compute.store.models import BlockDevice


def interface(nic: Mapping[str, Any], version: Version) -> dict[str, Any]:
    "A port."
    out = {
        "net_id": nic["network_id"],
        "port_id": nic["port_id"],
        "mac_addr": nic["mac"],
        "port_state": "ACTIVE" if nic.get("active") else "DOWN",
        "fixed_ips": [
            {"subnet_id": ip["subnet_id"], "ip_address": ip["ip_address"]}
            for ip in nic["fixed_ips"]
        ],
    }
    if version >= "2.70":
        out["tag"] = nic.get("tag")
    return out


def volume(row: BlockDevice, version: Version) -> dict[str, Any]:
    "A volume attachment."
    out: dict[str, Any] = {
        "volumeId": row.volume_id,
        "serverId": row.server_id,
        "device": row.device_name,
    }
    if version < "2.89":
        out["id"] = row.volume_id
    if version >= "2.70":
        out["tag"] = row.tag
    if version >= "2.79":
        out["delete_on_termination"] = row.delete_on_termination
    if version >= "2.89":
        out |= {"attachment_id": row.attachment_id, "bdm_uuid": row.uuid}
    return out
