"""A server as JSON, at each microversion.

Source: "Servers" of the Compute API reference.
"""

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.context import Context
from common.http import Version
from compute.core.state import status
from compute.store.models import BlockDevice, Server
from compute.views.links import bookmark, iso, links, stamp

PROGRESS = ("ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING")
ATTRIBUTES = "os_compute_api:os-extended-server-attributes"
HOST_STATUS = "os_compute_api:servers:show:host_status"
EXTRA_SPECS = "os_compute_api:servers:show:flavor-extra-specs"


@dataclass
class Extras:
    "What is loaded beside the servers, for all of them at once."

    devices: Mapping[str, Sequence[BlockDevice]] = field(default_factory=dict)
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    host_status: Mapping[str, str] = field(default_factory=dict)
    groups: bool = True
    allowed: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Answers of policy rules, which are the same for all servers of a project."""

    def allows(self, ctx: Context, rule: str, server: Server) -> bool:
        "Whether a rule holds for a server's project."
        key = (rule, server.project_id)
        if key not in self.allowed:
            self.allowed[key] = ctx.allows(rule, {"project_id": server.project_id})
        return self.allowed[key]


def brief(server: Server) -> dict[str, Any]:
    "In a list without details."
    return {"id": server.id, "name": server.name, "links": links("servers", server.id)}


def created(server: Server, password: str | None) -> dict[str, Any]:
    "The answer to a create."
    out: dict[str, Any] = {
        "id": server.id,
        "links": links("servers", server.id),
        "OS-DCF:diskConfig": server.disk_config,
        "security_groups": [{"name": g} for g in server.security_groups],
    }
    if password is not None:
        out["adminPass"] = password
    return out


def host_id(server: Server) -> str:
    "The host, hidden: the same for the same project and host, different for another project."
    if not server.host:
        return ""
    return hashlib.sha224(f"{server.project_id}{server.host}".encode()).hexdigest()


def detail(
    ctx: Context, server: Server, version: Version, extras: Extras, *, listing: bool = False
) -> dict[str, Any]:
    "Everything that `ctx` may see of a server."
    state = status(server.vm_state, server.task_state)
    out: dict[str, Any] = {
        "id": server.id,
        "name": server.name,
        "status": state,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": server.meta or {},
        "hostId": host_id(server),
        "image": _image(server, version),
        "flavor": _flavor(ctx, server, version, extras),
        "created": iso(server.created_at),
        "updated": iso(server.updated_at),
        "addresses": addresses(server),
        "accessIPv4": server.access_ipv4 or "",
        "accessIPv6": str(ipaddress.ip_address(server.access_ipv6)) if server.access_ipv6 else "",
        "links": links("servers", server.id),
        "OS-DCF:diskConfig": server.disk_config,
        "OS-EXT-AZ:availability_zone": server.availability_zone or "",
        "config_drive": "True" if server.config_drive else "",
        "key_name": server.key_name,
        "OS-SRV-USG:launched_at": stamp(server.launched_at),
        "OS-SRV-USG:terminated_at": stamp(server.terminated_at),
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
        "os-extended-volumes:volumes_attached": _volumes(
            extras.devices.get(server.id, ()), version
        ),
    }
    if server.nics and server.security_groups:
        out["security_groups"] = [{"name": g} for g in server.security_groups]
    if state in PROGRESS:
        out["progress"] = 100 if state == "ACTIVE" else server.progress
    if server.fault and server.vm_state in ("error", "deleted"):
        out["fault"] = _fault(ctx, server.fault)
    _attributes(ctx, out, server, version, extras)
    _later(ctx, out, server, version, extras, listing)
    return out


def _attributes(
    ctx: Context, out: dict[str, Any], server: Server, version: Version, extras: Extras
) -> None:
    if not extras.allows(ctx, ATTRIBUTES, server):
        if version >= "2.90":
            out["OS-EXT-SRV-ATTR:hostname"] = server.hostname
        return
    out |= {
        "OS-EXT-SRV-ATTR:host": server.host,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": server.node,
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.id}",
    }
    if version >= "2.3":
        properties = (server.image or {}).get("properties") or {}
        out |= {
            "OS-EXT-SRV-ATTR:reservation_id": server.reservation_id,
            "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
            "OS-EXT-SRV-ATTR:kernel_id": properties.get("kernel_id", ""),
            "OS-EXT-SRV-ATTR:ramdisk_id": properties.get("ramdisk_id", ""),
            "OS-EXT-SRV-ATTR:root_device_name": server.root_device_name,
            "OS-EXT-SRV-ATTR:user_data": server.user_data,
        }


def _later(
    ctx: Context,
    out: dict[str, Any],
    server: Server,
    version: Version,
    extras: Extras,
    listing: bool,
) -> None:
    "What later versions added."
    if version >= "2.9":
        out["locked"] = server.locked_by is not None
    if version >= "2.16" and server.host:
        state = extras.host_status.get(server.host, "UNKNOWN")
        if extras.allows(ctx, HOST_STATUS, server):
            out["host_status"] = state
    elif version >= "2.16" and extras.allows(ctx, HOST_STATUS, server):
        out["host_status"] = ""
    if version >= "2.19":
        out["description"] = server.description
    if version >= "2.26":
        out["tags"] = list(extras.tags.get(server.id, ()))
    if version >= "2.63":
        out["trusted_image_certificates"] = None
    if version >= "2.71" and extras.groups and not listing:
        out["server_groups"] = [server.group_id] if server.group_id else []
    if version >= "2.73":
        out["locked_reason"] = server.locked_reason
    if version >= "2.96":
        out["pinned_availability_zone"] = server.pinned_zone
    if version >= "2.100":
        out["scheduler_hints"] = server.hints or {}


def _fault(ctx: Context, fault: Mapping[str, Any]) -> dict[str, Any]:
    created_at = str(fault.get("created", ""))[:19]
    out = {"code": fault.get("code", 500), "created": f"{created_at}Z", "message": fault["message"]}
    if fault.get("details") and ctx.is_admin:
        out["details"] = fault["details"]
    return out


def _image(server: Server, version: Version) -> Any:
    if not server.image_id:
        return ""
    out: dict[str, Any] = {"id": server.image_id, "links": bookmark("images", server.image_id)}
    if version >= "2.98":
        out["properties"] = (server.image or {}).get("properties") or {}
    return out


def _flavor(ctx: Context, server: Server, version: Version, extras: Extras) -> dict[str, Any]:
    flavor = server.flavor
    if version < "2.47":
        return {"id": server.flavor_id, "links": bookmark("flavors", server.flavor_id)}
    out = {
        "original_name": flavor["name"],
        "vcpus": flavor["vcpus"],
        "ram": flavor["memory_mib"],
        "disk": flavor["root_gib"],
        "ephemeral": flavor["ephemeral_gib"],
        "swap": flavor["swap_mib"],
    }
    if extras.allows(ctx, EXTRA_SPECS, server):
        out["extra_specs"] = flavor.get("extra_specs") or {}
    return out


def _volumes(devices: Sequence[BlockDevice], version: Version) -> list[dict[str, Any]]:
    found = [d for d in devices if d.volume_id]
    if version >= "2.3":
        return [
            {"id": d.volume_id, "delete_on_termination": d.delete_on_termination} for d in found
        ]
    return [{"id": d.volume_id} for d in found]


def addresses(server: Server) -> dict[str, list[dict[str, Any]]]:
    "Network name -> addresses, fixed and floating."
    out: dict[str, list[dict[str, Any]]] = {}
    for nic in server.nics or ():
        rows = out.setdefault(nic.get("network_name") or nic["network_id"], [])
        floating = nic.get("floating") or []
        for ip in nic["fixed_ips"]:
            rows.append(_address(ip["ip_address"], nic["mac"], "fixed"))
            rows += [
                _address(f["address"], nic["mac"], "floating")
                for f in floating
                if f["fixed"] == ip["ip_address"]
            ]
    return out


def _address(address: str, mac: str, kind: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": mac,
    }


def rebuilt(
    ctx: Context, server: Server, version: Version, extras: Extras, password: str | None
) -> dict[str, Any]:
    "The answer to a rebuild; what it carried before 2.75 was a part of the server."
    full = detail(ctx, server, version, extras)
    full.pop("OS-EXT-SRV-ATTR:user_data", None)  # it is `user_data` in this answer
    if version < "2.75":
        full = old_answer(full, version)
        if version < "2.63":
            full.pop("trusted_image_certificates", None)
    if password is not None:
        full["adminPass"] = password
    if version >= "2.54":
        full["key_name"] = server.key_name
    if version >= "2.57":
        full["user_data"] = server.user_data
    return full


def old_answer(full: dict[str, Any], version: Version) -> dict[str, Any]:
    "What update and rebuild answered before 2.75."
    keep = {
        "id",
        "name",
        "status",
        "tenant_id",
        "user_id",
        "metadata",
        "hostId",
        "image",
        "flavor",
        "created",
        "updated",
        "addresses",
        "accessIPv4",
        "accessIPv6",
        "links",
        "OS-DCF:diskConfig",
        "progress",
        "fault",
        "locked",
        "description",
        "tags",
        "trusted_image_certificates",
        "server_groups",
        "locked_reason",
    }
    out = {k: v for k, v in full.items() if k in keep}
    out["addresses"] = {
        n: [{"version": a["version"], "addr": a["addr"]} for a in rows]
        for n, rows in full["addresses"].items()
    }
    return out


def topology(server: Server, host_side: bool) -> dict[str, Any]:
    "NUMA cells of the guest; `host_side` adds where they are pinned."
    specs = server.flavor.get("extra_specs") or {}
    count = int(specs.get("hw:numa_nodes") or 1)
    memory, vcpus = server.memory_mib // count, list(range(server.vcpus))
    nodes = []
    for i in range(count):
        node: dict[str, Any] = {"memory_mb": memory, "siblings": [], "vcpu_set": vcpus[i::count]}
        if host_side:
            node |= {"host_node": i, "cpu_pinning": {}}
        nodes.append(node)
    return {"nodes": nodes, "pagesize_kb": None}


def old_diagnostics(found: Mapping[str, Any]) -> dict[str, Any]:
    "Diagnostics as they were before 2.48: flat counters in libvirt's words."
    out: dict[str, Any] = {}
    for i, cpu in enumerate(found.get("cpu_details") or []):
        out[f"cpu{i}_time"] = cpu.get("time")
    for disk, name in zip(
        found.get("disk_details") or [], (f"vd{chr(97 + i)}" for i in range(26)), strict=False
    ):
        out |= {
            f"{name}_read": disk.get("read_bytes"),
            f"{name}_read_req": disk.get("read_requests"),
            f"{name}_write": disk.get("write_bytes"),
            f"{name}_write_req": disk.get("write_requests"),
            f"{name}_errors": disk.get("errors_count"),
        }
    for i, nic in enumerate(found.get("nic_details") or []):
        out |= {
            f"tap{i}_rx": nic.get("rx_octets"),
            f"tap{i}_tx": nic.get("tx_octets"),
            f"tap{i}_rx_packets": nic.get("rx_packets"),
            f"tap{i}_tx_packets": nic.get("tx_packets"),
        }
    memory = found.get("memory_details") or {}
    out |= {
        "memory": (memory.get("maximum") or 0) * 1024,
        "memory-actual": (memory.get("used") or 0) * 1024,
    }
    return out
