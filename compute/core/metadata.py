"""What a guest may know of itself: the tree that the metadata service serves and a config drive
carries.

Sources: Nova's user guide "Metadata", cloud-init's description of the OpenStack and EC2 data
sources.
"""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute.core import Deps
from compute.store.models import BlockDevice, Server

OPENSTACK = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
)
EC2 = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
)
LATEST = "latest"


def fqdn(deps: Deps, server: Server) -> str:
    "The host name, with the configured domain."
    domain = deps.config.metadata.dhcp_domain
    return (
        f"{server.hostname}.{domain}" if domain and "." not in server.hostname else server.hostname
    )


def meta_data(
    deps: Deps,
    server: Server,
    devices: Sequence[BlockDevice],
    version: str,
    password: str | None = None,
) -> dict[str, Any]:
    "`meta_data.json` of one dated version."
    data: dict[str, Any] = {
        "uuid": server.id,
        "hostname": fqdn(deps, server),
        "name": server.name,
        "launch_index": server.launch_index,
        "availability_zone": server.availability_zone or "nova",
    }
    if server.meta:
        data["meta"] = server.meta
    if server.key:
        data["public_keys"] = {server.key["name"]: server.key["public_key"]}
        data["keys"] = [
            {
                "name": server.key["name"],
                "type": server.key.get("type", "ssh"),
                "data": server.key["public_key"],
            }
        ]
    if version >= "2013-04-04" and password:
        data["admin_pass"] = password
    if version >= "2013-04-04":
        data["random_seed"] = _seed(server)
    if version >= "2015-10-15":
        data["project_id"] = server.project_id
    if version >= "2016-06-30":
        data["devices"] = _devices(server, devices, version)
    if version >= "2020-10-14":
        data["dedicated_cpus"] = []
    if server.personality:
        data["files"] = [
            {"path": p["path"], "content_path": f"/content/{i:04}"}
            for i, p in enumerate(server.personality)
        ]
    return data


def _seed(server: Server) -> str:
    # 512 bytes for the guest's entropy pool; secret and stable for a server, so that replicas
    # of this service agree
    import hashlib

    key = f"{server.id}{server.reservation_id}{server.created_at.isoformat()}".encode()
    return base64.b64encode(hashlib.shake_256(key).digest(512)).decode()


def _devices(server: Server, devices: Sequence[BlockDevice], version: str) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for one in server.nics:
        if one.get("tag"):
            out.append(
                {
                    "type": "nic",
                    "bus": "virtio",
                    "address": "",
                    "mac": one["mac"],
                    "tags": [one["tag"]],
                }
            )
            if version >= "2018-08-27":
                out[-1] |= {"vf_trusted": False, "vlan": None}
    for device in devices:
        if device.tag:
            out.append(
                {
                    "type": "disk",
                    "bus": device.disk_bus or "virtio",
                    "address": "",
                    "serial": device.volume_id or device.uuid,
                    "path": device.device_name or "",
                    "tags": [device.tag],
                }
            )
    return out


def network_data(server: Server) -> dict[str, Any]:
    "`network_data.json`: links, networks, services."
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: dict[str, dict[str, str]] = {}
    for nic in server.nics:
        link = f"tap{nic['port_id'][:11]}"
        links.append(
            {
                "id": link,
                "vif_id": nic["port_id"],
                "type": nic["vif_type"],
                "mtu": nic["mtu"],
                "ethernet_mac_address": nic["mac"],
            }
        )
        by_id = {s["id"]: s for s in nic["subnets"]}
        for address in nic["fixed_ips"]:
            subnet = by_id.get(address["subnet_id"])
            if subnet is None:
                continue
            networks.append(_network(len(networks), link, nic, address["ip_address"], subnet))
            for server_ip in subnet.get("dns_nameservers") or []:
                services[server_ip] = {"type": "dns", "address": server_ip}
    return {"links": links, "networks": networks, "services": list(services.values())}


def _network(
    number: int, link: str, nic: dict[str, Any], address: str, subnet: dict[str, Any]
) -> dict[str, Any]:
    import ipaddress

    version = subnet["ip_version"]
    entry: dict[str, Any] = {
        "id": f"network{number}",
        "link": link,
        "network_id": nic["network_id"],
    }
    if subnet.get("enable_dhcp"):
        kind = {
            "slaac": "ipv6_slaac",
            "dhcpv6-stateless": "ipv6_dhcpv6-stateless",
            "dhcpv6-stateful": "ipv6_dhcpv6-stateful",
        }.get(subnet.get("ipv6_address_mode") or "", "ipv4_dhcp")
        return {**entry, "type": kind if version == 6 else "ipv4_dhcp"}
    net = ipaddress.ip_network(subnet["cidr"])
    routes = [_route(r["destination"], r["nexthop"]) for r in subnet.get("host_routes") or []]
    if subnet.get("gateway_ip"):
        routes.insert(0, _route("0.0.0.0/0" if version == 4 else "::/0", subnet["gateway_ip"]))
    return {
        **entry,
        "type": f"ipv{version}",
        "ip_address": address,
        "netmask": str(net.netmask),
        "routes": routes,
        "services": [{"type": "dns", "address": a} for a in subnet.get("dns_nameservers") or []],
    }


def _route(destination: str, gateway: str) -> dict[str, str]:
    import ipaddress

    net = ipaddress.ip_network(destination, strict=False)
    return {"network": str(net.network_address), "netmask": str(net.netmask), "gateway": gateway}


def vendor_data(deps: Deps) -> dict[str, Any]:
    "The operator's vendor_data.json, {} when there is none or it is not a JSON object."
    name = deps.config.metadata.vendor_data_file
    try:
        data = json.loads(Path(name).read_text()) if name else {}
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def openstack(
    deps: Deps,
    server: Server,
    devices: Sequence[BlockDevice],
    version: str,
    password: str | None = None,
) -> dict[str, bytes]:
    "File name -> content of one version's directory."
    dated = OPENSTACK[-1] if version == LATEST else version
    files = {"meta_data.json": _json(meta_data(deps, server, devices, dated, password))}
    if server.user_data:
        files["user_data"] = base64.b64decode(server.user_data)
    if dated >= "2013-10-17":
        files["vendor_data.json"] = _json(vendor_data(deps))
    if dated >= "2013-04-04":
        files["password"] = (server.password or "").encode()
    if dated >= "2015-10-15":
        files["network_data.json"] = _json(network_data(server))
    if dated >= "2016-10-06":
        files["vendor_data2.json"] = _json({})
    return files


def contents(server: Server) -> dict[str, bytes]:
    "Injected files by number."
    return {
        f"{i:04}": base64.b64decode(p["contents"]) for i, p in enumerate(server.personality or [])
    }


def _json(data: Any) -> bytes:
    return json.dumps(data).encode()


def ec2(deps: Deps, server: Server, devices: Sequence[BlockDevice], version: str) -> dict[str, Any]:
    "The EC2 tree of one version: nested dictionaries, leaves are text."
    fixed4 = [
        ip["ip_address"]
        for n in server.nics
        for ip in n["fixed_ips"]
        if ":" not in ip["ip_address"]
    ]
    floating = [f["address"] for n in server.nics for f in n.get("floating") or []]
    number = int(server.id.replace("-", "")[:8], 16)
    data: dict[str, Any] = {
        "ami-id": f"ami-{_short(server.image_id)}",
        "ami-launch-index": str(server.launch_index),
        "instance-id": f"i-{number:08x}",
        "hostname": fqdn(deps, server),
        "local-ipv4": fixed4[0] if fixed4 else "",
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(server.security_groups),
    }
    data["ami-manifest-path"] = ""
    if server.key:
        data["public-keys"] = {
            "0": {"_name": f"0={server.key['name']}", "openssh-key": server.key["public_key"]}
        }
    if version >= "2007-01-19":
        data |= {
            "local-hostname": fqdn(deps, server),
            "public-hostname": fqdn(deps, server),
            "public-ipv4": floating[0] if floating else "",
        }
    if version >= "2007-08-29":
        data["instance-type"] = server.flavor["name"]
    if version >= "2007-12-15":
        data["block-device-mapping"] = _ec2_devices(server, devices)
        data["instance-action"] = "none"
    if version >= "2008-02-01":
        data["placement"] = {"availability-zone": server.availability_zone or "nova"}
    tree: dict[str, Any] = {"meta-data": data}
    if server.user_data:
        tree["user-data"] = base64.b64decode(server.user_data)
    return tree


def _ec2_devices(server: Server, devices: Sequence[BlockDevice]) -> dict[str, str]:
    out = {
        "ami": (server.root_device_name or "/dev/vda").removeprefix("/dev/"),
        "root": server.root_device_name or "/dev/vda",
    }
    local = [d for d in devices if d.destination_type == "local" and d.source_type == "blank"]
    for i, device in enumerate(d for d in local if d.guest_format != "swap"):
        out[f"ephemeral{i}"] = device.device_name or ""
    return {k: v for k, v in out.items() if v}


def _short(image_id: str | None) -> str:
    return (image_id or "").replace("-", "")[:8] or "00000000"


def files(
    deps: Deps, server: Server, devices: Sequence[BlockDevice], password: str | None = None
) -> dict[str, str]:
    """Path -> text of a config drive. What is not UTF-8 text goes in base64 under the key
    `base64:PATH`."""
    out: dict[str, str] = {}
    for version in (*OPENSTACK, LATEST):
        for name, data in openstack(deps, server, devices, version, password).items():
            if name != "password":
                _put(out, f"openstack/{version}/{name}", data)
    for number, data in contents(server).items():
        _put(out, f"openstack/content/{number}", data)
    for version in ("2009-04-04", LATEST):
        tree = ec2(deps, server, devices, version)
        _put(out, f"ec2/{version}/meta-data.json", _json(tree["meta-data"]))
        if "user-data" in tree:
            _put(out, f"ec2/{version}/user-data", tree["user-data"])
    return out


def _put(out: dict[str, str], path: str, data: bytes) -> None:
    try:
        out[path] = data.decode()
    except UnicodeDecodeError:
        out[f"base64:{path}"] = base64.b64encode(data).decode()
