"""A server in answers, at each version.

Source: "Servers" of the Compute API reference, and its version history.
"""

from typing import Any

from common.schema import Schema, Versioned
from compute.schemas.responses.pieces import (
    ADDRESS,
    BOOLEAN,
    COUNT,
    INTEGER,
    LINKS,
    NEXT,
    NULL,
    SECONDS,
    STAMP,
    STRING,
    TEXT,
    TEXTS,
    UUID,
    Growth,
    Json,
    each,
    either,
    exact,
    grown,
    listed,
    one,
    values,
)

STATUS: Json = {
    "enum": [
        "ACTIVE",
        "BUILD",
        "DELETED",
        "ERROR",
        "HARD_REBOOT",
        "MIGRATING",
        "PASSWORD",
        "PAUSED",
        "REBOOT",
        "REBUILD",
        "RESCUE",
        "RESIZE",
        "REVERT_RESIZE",
        "SHELVED",
        "SHELVED_OFFLOADED",
        "SHUTOFF",
        "SOFT_DELETED",
        "SUSPENDED",
        "UNKNOWN",
        "VERIFY_RESIZE",
    ]
}
DISK_CONFIG: Json = {"enum": ["AUTO", "MANUAL"]}
PLAIN_ADDRESS = exact({"version": {"enum": [4, 6]}, "addr": ADDRESS})
FULL_ADDRESS = exact(
    {
        "version": {"enum": [4, 6]},
        "addr": ADDRESS,
        "OS-EXT-IPS:type": {"enum": ["fixed", "floating"]},
        "OS-EXT-IPS-MAC:mac_addr": {"type": "string", "format": "mac-address"},
    }
)
FAULT = exact({"code": INTEGER, "created": SECONDS, "message": STRING}, {"details": STRING})
GROUPS = each(exact({"name": STRING}))
REFERENCE = exact({"id": STRING, "links": LINKS})
IMAGE = either({"const": ""}, REFERENCE)
IMAGE_298 = either({"const": ""}, exact({"id": STRING, "links": LINKS, "properties": values(TEXT)}))
FLAVOR_247 = exact(
    {
        "original_name": STRING,
        "vcpus": COUNT,
        "ram": COUNT,
        "disk": COUNT,
        "ephemeral": COUNT,
        "swap": COUNT,
    },
    {"extra_specs": TEXTS},
)
BRIEF = exact({"id": UUID, "name": STRING, "links": LINKS})
CREATED = exact(
    {
        "id": UUID,
        "links": LINKS,
        "OS-DCF:diskConfig": DISK_CONFIG,
        "security_groups": GROUPS,
    },
    {"adminPass": STRING},
)

_CORE: Json = {
    "id": UUID,
    "name": STRING,
    "status": STATUS,
    "tenant_id": STRING,
    "user_id": STRING,
    "metadata": TEXTS,
    "hostId": STRING,
    "image": IMAGE,
    "flavor": REFERENCE,
    "created": SECONDS,
    "updated": SECONDS,
    "accessIPv4": either({"const": ""}, {"type": "string", "format": "ipv4"}),
    "accessIPv6": either({"const": ""}, {"type": "string", "format": "ipv6"}),
    "links": LINKS,
    "OS-DCF:diskConfig": DISK_CONFIG,
}
"""What every version of every answer has"""
_FULL: Json = {
    **_CORE,
    "addresses": values(each(FULL_ADDRESS)),
    "OS-EXT-AZ:availability_zone": STRING,
    "config_drive": {"enum": ["", "True"]},
    "key_name": TEXT,
    "OS-SRV-USG:launched_at": STAMP,
    "OS-SRV-USG:terminated_at": STAMP,
    "OS-EXT-STS:task_state": TEXT,
    "OS-EXT-STS:vm_state": STRING,
    "OS-EXT-STS:power_state": {"enum": [0, 1, 3, 4, 6, 7]},
    "os-extended-volumes:volumes_attached": each(exact({"id": UUID})),
}
_SOMETIMES: Json = {
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "fault": FAULT,
}
_ADMIN: Json = {
    "security_groups": GROUPS,
    "OS-EXT-SRV-ATTR:host": TEXT,
    "OS-EXT-SRV-ATTR:hypervisor_hostname": TEXT,
    "OS-EXT-SRV-ATTR:instance_name": STRING,
}
_EXTENDED: Json = {
    "?OS-EXT-SRV-ATTR:reservation_id": TEXT,
    "?OS-EXT-SRV-ATTR:launch_index": COUNT,
    "?OS-EXT-SRV-ATTR:hostname": STRING,
    "?OS-EXT-SRV-ATTR:kernel_id": STRING,
    "?OS-EXT-SRV-ATTR:ramdisk_id": STRING,
    "?OS-EXT-SRV-ATTR:root_device_name": TEXT,
    "?OS-EXT-SRV-ATTR:user_data": TEXT,
}
_ATTACHED = each(exact({"id": UUID, "delete_on_termination": BOOLEAN}))
_HINTS: Json = {"type": "object"}
_HOST_STATUS: Json = {"enum": ["UP", "DOWN", "MAINTENANCE", "UNKNOWN", ""]}
_ID_LIST = each(UUID, maxItems=1)

Change = tuple[str, Json]


def _full(listing: bool) -> tuple[Change, ...]:
    "How the whole representation grew; a list never had the groups of a server."
    return (
        ("2.3", {**_EXTENDED, "os-extended-volumes:volumes_attached": _ATTACHED}),
        ("2.9", {"locked": BOOLEAN}),
        ("2.16", {"?host_status": _HOST_STATUS}),
        ("2.19", {"description": TEXT}),
        ("2.26", {"tags": each(STRING, maxItems=50)}),
        ("2.47", {"flavor": FLAVOR_247}),
        ("2.63", {"trusted_image_certificates": {"type": ["array", "null"]}}),
        ("2.71", {} if listing else {"server_groups": _ID_LIST}),
        ("2.73", {"locked_reason": TEXT}),
        ("2.90", {"OS-EXT-SRV-ATTR:hostname": STRING}),
        ("2.96", {"pinned_availability_zone": TEXT}),
        ("2.98", {"image": IMAGE_298}),
        ("2.100", {"scheduler_hints": _HINTS}),
    )


SHOWN: Growth = grown(_FULL, *_full(False), optional={**_SOMETIMES, **_ADMIN})
LISTED: Growth = grown(_FULL, *_full(True), optional={**_SOMETIMES, **_ADMIN})


def _answered(*changes: Change, may: Json | None = None) -> Growth:
    """Update and rebuild: a part of the server up to 2.74, all of it from 2.75 on. `changes` and
    `may` (be there) belong to one of the two."""
    small = {**_CORE, "addresses": values(each(PLAIN_ADDRESS))}
    old = grown(
        small,
        ("2.9", {"locked": BOOLEAN}),
        ("2.19", {"description": TEXT}),
        ("2.26", {"tags": each(STRING)}),
        ("2.47", {"flavor": FLAVOR_247}),
        ("2.63", {"trusted_image_certificates": {"type": ["array", "null"]}}),
        ("2.71", {"server_groups": _ID_LIST}),
        ("2.73", {"locked_reason": TEXT}),
        *changes,
        optional={**_SOMETIMES, **(may or {})},
    )
    extra = {name: schema for _, change in changes for name, schema in change.items()}
    new = grown({**_FULL, **extra}, *_full(False), optional={**_SOMETIMES, **_ADMIN, **(may or {})})
    if "user_data" in extra:  # not once more under its other name
        for schema in new.values():
            schema["properties"].pop("OS-EXT-SRV-ATTR:user_data", None)
    later = ("2.90", "2.96", "2.98", "2.100")
    return {**old, "2.75": new["2.73"], **{v: new[v] for v in later}}


UPDATED = _answered()
REBUILT = _answered(
    ("2.54", {"key_name": TEXT}), ("2.57", {"user_data": TEXT}), may={"adminPass": STRING}
)

_DIAGNOSTICS: Json = exact(
    {
        "state": {
            "enum": ["pending", "running", "paused", "shutdown", "crashed", "suspended", None]
        },
        "driver": TEXT,
        "hypervisor": TEXT,
        "hypervisor_os": TEXT,
        "uptime": {"type": ["integer", "null"]},
        "config_drive": {"type": ["boolean", "null"]},
        "num_cpus": COUNT,
        "num_nics": COUNT,
        "num_disks": COUNT,
        "cpu_details": each(values({"type": ["integer", "null"]})),
        "nic_details": each(values({"type": ["integer", "string", "null"]})),
        "disk_details": each(values({"type": ["integer", "null"]})),
        "memory_details": exact(
            {"maximum": {"type": ["integer", "null"]}, "used": {"type": ["integer", "null"]}}
        ),
    }
)
_CELL: Json = {
    "memory_mb": COUNT,
    "siblings": each(each(COUNT)),
    "vcpu_set": each(COUNT),
}
TAGS = exact({"tags": each(STRING)})
META = exact({"metadata": TEXTS})
RULE = exact(
    {
        "id": STRING,
        "parent_group_id": STRING,
        "ip_protocol": TEXT,
        "from_port": {"type": ["integer", "null"]},
        "to_port": {"type": ["integer", "null"]},
        "group": exact({}, {"name": STRING, "tenant_id": TEXT}),
        "ip_range": exact({}, {"cidr": STRING}),
    }
)
SECURITY_GROUP = exact(
    {
        "id": STRING,
        "name": STRING,
        "description": STRING,
        "tenant_id": TEXT,
        "rules": each(RULE),
    }
)

_AT = "/v2.1/servers/<server_id>"
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v2.1/servers"): Schema(exact({"servers": each(BRIEF)}, {"servers_links": NEXT})),
    ("GET", "/v2.1/servers/detail"): listed("servers", LISTED, pages="2.1"),
    ("POST", "/v2.1/servers"): Schema(
        either(exact({"server": CREATED}), exact({"reservation_id": STRING}))
    ),
    ("GET", _AT): one("server", SHOWN),
    ("PUT", _AT): one("server", UPDATED),
    ("GET", f"{_AT}/metadata"): Schema(META),
    ("POST", f"{_AT}/metadata"): Schema(META),
    ("PUT", f"{_AT}/metadata"): Schema(META),
    ("GET", f"{_AT}/metadata/<key>"): Schema(exact({"meta": TEXTS})),
    ("PUT", f"{_AT}/metadata/<key>"): Schema(exact({"meta": TEXTS})),
    ("GET", f"{_AT}/tags"): Schema(TAGS),
    ("PUT", f"{_AT}/tags"): Schema(TAGS),
    ("GET", f"{_AT}/ips"): Schema(exact({"addresses": values(each(PLAIN_ADDRESS))})),
    ("GET", f"{_AT}/ips/<network>"): Schema(
        {**values(each(PLAIN_ADDRESS)), "minProperties": 1, "maxProperties": 1}
    ),
    ("GET", f"{_AT}/diagnostics"): Versioned(
        {"2.1": values({"type": ["integer", "null"]}), "2.48": _DIAGNOSTICS}
    ),
    ("GET", f"{_AT}/topology"): Schema(
        exact(
            {
                "nodes": each(exact(_CELL, {"host_node": COUNT, "cpu_pinning": values(COUNT)})),
                "pagesize_kb": {"type": ["integer", "null"]},
            }
        )
    ),
    ("GET", f"{_AT}/os-server-password"): Schema(exact({"password": STRING})),
    ("GET", f"{_AT}/os-security-groups"): Schema(exact({"security_groups": each(SECURITY_GROUP)})),
    ("GET", f"{_AT}/shares"): Schema(exact({"shares": each({"type": "object"})})),
}

_CONSOLE = exact({"console": exact({"type": STRING, "url": {"type": "string", "format": "uri"}})})
ACTIONS: dict[str, Any] = {
    "os-getConsoleOutput": Schema(exact({"output": STRING})),
    "rebuild": one("server", REBUILT),
    "createImage": Versioned({"2.1": NULL, "2.45": exact({"image_id": UUID})}),
    "createBackup": Versioned({"2.1": NULL, "2.45": exact({"image_id": UUID})}),
    "rescue": Schema(exact({"adminPass": STRING})),
    "evacuate": Versioned({"2.1": exact({"adminPass": STRING}), "2.14": NULL}),
    "os-getVNCConsole": Schema(_CONSOLE),
    "os-getSerialConsole": Schema(_CONSOLE),
    "os-getSPICEConsole": Schema(_CONSOLE),
}
"""Answers of POST /servers/{id}/action by action; those that are not here have no body"""
