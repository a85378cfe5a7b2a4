"The proxies of old versions in answers."

from typing import Any

from common.schema import Schema
from compute.schemas.responses.pieces import (
    COUNT,
    LINK,
    NULL,
    STRING,
    TEXT,
    TEXTS,
    Json,
    each,
    either,
    exact,
)
from compute.schemas.responses.servers import RULE, SECURITY_GROUP

_ALTERNATE = exact({"rel": {"const": "alternate"}, "type": STRING, "href": STRING})
_IMAGE_LINKS = each(either(LINK, _ALTERNATE), minItems=3)
IMAGE = exact(
    {
        "id": STRING,
        "name": TEXT,
        "status": {"enum": ["ACTIVE", "SAVING", "ERROR", "DELETED", "UNKNOWN"]},
        "progress": COUNT,
        "minRam": COUNT,
        "minDisk": COUNT,
        "created": STRING,
        "updated": STRING,
        "metadata": TEXTS,
        "OS-EXT-IMG-SIZE:size": COUNT,
        "links": _IMAGE_LINKS,
    },
    {"server": exact({"id": STRING, "links": each(LINK)})},
)
BRIEF_IMAGE = exact({"id": STRING, "name": TEXT, "links": _IMAGE_LINKS})
_EMPTY = (
    "bridge",
    "vpn_public_port",
    "dhcp_start",
    "bridge_interface",
    "share_address",
    "updated_at",
    "cidr_v6",
    "deleted_at",
    "gateway",
    "rxtx_base",
    "priority",
    "project_id",
    "vpn_private_address",
    "deleted",
    "vlan",
    "broadcast",
    "netmask",
    "injected",
    "cidr",
    "vpn_public_address",
    "multi_host",
    "enable_dhcp",
    "dns2",
    "created_at",
    "host",
    "mtu",
    "gateway_v6",
    "netmask_v6",
    "dhcp_server",
    "dns1",
)
NETWORK = exact({**dict.fromkeys(_EMPTY, NULL), "id": STRING, "label": STRING})
TENANT_NETWORK = exact({"id": STRING, "label": STRING, "cidr": STRING})
FLOATING_IP = exact(
    {"id": STRING, "ip": STRING, "fixed_ip": TEXT, "instance_id": TEXT, "pool": TEXT}
)
_ATTACHMENT = exact({}, {"id": STRING, "volumeId": STRING, "serverId": STRING, "device": TEXT})
VOLUME = exact(
    {
        "id": STRING,
        "status": STRING,
        "size": COUNT,
        "availabilityZone": TEXT,
        "createdAt": TEXT,
        "displayName": TEXT,
        "displayDescription": TEXT,
        "volumeType": TEXT,
        "snapshotId": TEXT,
        "metadata": TEXTS,
        "attachments": each(_ATTACHMENT),
    }
)
SNAPSHOT = exact(
    {
        "id": STRING,
        "volumeId": STRING,
        "status": STRING,
        "size": COUNT,
        "createdAt": TEXT,
        "displayName": TEXT,
        "displayDescription": TEXT,
    }
)


def _one(name: str, schema: Json) -> Schema:
    return Schema(exact({name: schema}))


def _list(name: str, schema: Json) -> Schema:
    return Schema(exact({name: each(schema)}))


META = _one("metadata", TEXTS)
ITEM = _one("meta", TEXTS)
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v2.1/os-security-groups"): _list("security_groups", SECURITY_GROUP),
    ("POST", "/v2.1/os-security-groups"): _one("security_group", SECURITY_GROUP),
    ("GET", "/v2.1/os-security-groups/<ident>"): _one("security_group", SECURITY_GROUP),
    ("PUT", "/v2.1/os-security-groups/<ident>"): _one("security_group", SECURITY_GROUP),
    ("POST", "/v2.1/os-security-group-rules"): _one("security_group_rule", RULE),
    ("GET", "/v2.1/os-networks"): _list("networks", NETWORK),
    ("GET", "/v2.1/os-networks/<ident>"): _one("network", NETWORK),
    ("GET", "/v2.1/os-tenant-networks"): _list("networks", TENANT_NETWORK),
    ("GET", "/v2.1/os-tenant-networks/<ident>"): _one("network", TENANT_NETWORK),
    ("GET", "/v2.1/os-floating-ip-pools"): _list("floating_ip_pools", exact({"name": STRING})),
    ("GET", "/v2.1/os-floating-ips"): _list("floating_ips", FLOATING_IP),
    ("POST", "/v2.1/os-floating-ips"): _one("floating_ip", FLOATING_IP),
    ("GET", "/v2.1/os-floating-ips/<ident>"): _one("floating_ip", FLOATING_IP),
    ("GET", "/v2.1/images"): _list("images", BRIEF_IMAGE),
    ("GET", "/v2.1/images/detail"): _list("images", IMAGE),
    ("GET", "/v2.1/images/<ident>"): _one("image", IMAGE),
    ("GET", "/v2.1/images/<ident>/metadata"): META,
    ("POST", "/v2.1/images/<ident>/metadata"): META,
    ("PUT", "/v2.1/images/<ident>/metadata"): META,
    ("GET", "/v2.1/images/<ident>/metadata/<key>"): ITEM,
    ("PUT", "/v2.1/images/<ident>/metadata/<key>"): ITEM,
    ("GET", "/v2.1/os-volumes"): _list("volumes", VOLUME),
    ("GET", "/v2.1/os-volumes/detail"): _list("volumes", VOLUME),
    ("POST", "/v2.1/os-volumes"): _one("volume", VOLUME),
    ("GET", "/v2.1/os-volumes/<ident>"): _one("volume", VOLUME),
    ("GET", "/v2.1/os-snapshots"): _list("snapshots", SNAPSHOT),
    ("GET", "/v2.1/os-snapshots/detail"): _list("snapshots", SNAPSHOT),
    ("POST", "/v2.1/os-snapshots"): _one("snapshot", SNAPSHOT),
    ("GET", "/v2.1/os-snapshots/<ident>"): _one("snapshot", SNAPSHOT),
    ("GET", "/v2.1/os-baremetal-nodes"): _list("nodes", {"type": "object"}),
    ("POST", "/v2.1/os-assisted-volume-snapshots"): _one(
        "snapshot", exact({"id": TEXT, "volumeId": STRING})
    ),
}
