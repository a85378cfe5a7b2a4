"Services, hypervisors, zones and aggregates in answers."

from typing import Any

from common.schema import Schema, Versioned
from compute.schemas.responses.pieces import (
    ADDRESS,
    BOOLEAN,
    COUNT,
    INTEGER,
    NULL,
    STAMP,
    STRING,
    TEXT,
    TEXTS,
    UUID,
    Json,
    each,
    either,
    exact,
    grown,
    listed,
    one,
    values,
)

SERVICE = grown(
    {
        "id": INTEGER,
        "binary": STRING,
        "host": STRING,
        "zone": STRING,
        "status": {"enum": ["enabled", "disabled"]},
        "state": {"enum": ["up", "down"]},
        "updated_at": STAMP,
        "disabled_reason": TEXT,
    },
    ("2.11", {"forced_down": BOOLEAN}),
    ("2.53", {"id": UUID}),
)
_WHERE: Json = {"host": STRING, "binary": STRING}
_STATUS: Json = {"status": {"enum": ["enabled", "disabled"]}}
CHANGED = either(
    exact({**_WHERE, **_STATUS}, {"disabled_reason": STRING}),
    exact({**_WHERE, "forced_down": BOOLEAN}),
)
_BRIEF: Json = {
    "id": INTEGER,
    "hypervisor_hostname": STRING,
    "state": {"enum": ["up", "down"]},
    "status": {"enum": ["enabled", "disabled"]},
}
_SERVERS = each(exact({"uuid": UUID, "name": STRING}))
BRIEF = grown(_BRIEF, ("2.53", {"id": UUID, "?servers": _SERVERS}))
_SUMS: Json = {
    "vcpus": COUNT,
    "vcpus_used": COUNT,
    "memory_mb": COUNT,
    "memory_mb_used": COUNT,
    "free_ram_mb": INTEGER,
    "local_gb": COUNT,
    "local_gb_used": COUNT,
    "free_disk_gb": INTEGER,
    "disk_available_least": {"type": ["integer", "null"]},
    "running_vms": COUNT,
    "current_workload": COUNT,
}


def _node(identity: Json) -> Json:
    return {
        "hypervisor_type": STRING,
        "hypervisor_version": COUNT,
        "host_ip": ADDRESS,
        "service": exact({"host": STRING, "disabled_reason": TEXT, "id": identity}),
    }


FULL = grown(
    {**_BRIEF, **_node(INTEGER), **_SUMS, "cpu_info": STRING},
    ("2.28", {"cpu_info": {"type": "object"}}),
    ("2.53", {"id": UUID, **_node(UUID), "?servers": _SERVERS}),
    ("2.88", {**dict.fromkeys(_SUMS), "cpu_info": None, "uptime": TEXT}),
)
AGGREGATE = grown(
    {
        "id": INTEGER,
        "name": STRING,
        "availability_zone": TEXT,
        "hosts": each(STRING),
        "metadata": TEXTS,
        "created_at": STAMP,
        "updated_at": STAMP,
        "deleted": {"const": False},
        "deleted_at": NULL,
    },
    ("2.41", {"uuid": UUID}),
)
MADE = {
    v: {
        **s,
        "properties": {k: p for k, p in s["properties"].items() if k not in ("hosts", "metadata")},
        "required": [k for k in s["required"] if k not in ("hosts", "metadata")],
    }
    for v, s in AGGREGATE.items()
}
_STATE = exact({"available": BOOLEAN})
_RUNS = exact({"available": BOOLEAN, "active": BOOLEAN, "updated_at": STAMP})
_RESOURCE = exact(
    {
        "resource": exact(
            {
                "host": STRING,
                "project": STRING,
                "cpu": COUNT,
                "memory_mb": COUNT,
                "disk_gb": COUNT,
            }
        )
    }
)


def _zones(hosts: Json) -> Schema:
    return Schema(
        exact(
            {
                "availabilityZoneInfo": each(
                    exact({"zoneName": STRING, "zoneState": _STATE, "hosts": hosts})
                )
            }
        )
    )


_EXTENSION = exact(
    {
        "alias": STRING,
        "description": STRING,
        "links": each(values({})),
        "name": STRING,
        "namespace": STRING,
        "updated": STRING,
    }
)
_AT, _GROUPS = "/v2.1/os-hypervisors", "/v2.1/os-aggregates"
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v2.1/os-services"): listed("services", SERVICE),
    ("PUT", "/v2.1/os-services/<action>"): Versioned(
        {
            "2.1": exact({"service": CHANGED}),
            **{v: exact({"service": s}) for v, s in SERVICE.items() if v == "2.53"},
        }
    ),
    ("PUT", "/v2.1/os-services/force-down"): Schema(exact({"service": CHANGED})),
    ("GET", _AT): listed("hypervisors", BRIEF, pages="2.33"),
    ("GET", f"{_AT}/detail"): listed("hypervisors", FULL, pages="2.33"),
    ("GET", f"{_AT}/<node_id>"): one("hypervisor", FULL),
    ("GET", f"{_AT}/statistics"): Schema(
        exact({"hypervisor_statistics": exact({"count": COUNT, **_SUMS})})
    ),
    ("GET", f"{_AT}/<node_id>/uptime"): Versioned(
        {
            "2.1": exact({"hypervisor": exact({**_BRIEF, "uptime": STRING})}),
            "2.53": exact({"hypervisor": exact({**_BRIEF, "id": UUID, "uptime": STRING})}),
        }
    ),
    ("GET", f"{_AT}/<pattern>/search"): listed("hypervisors", BRIEF),
    ("GET", f"{_AT}/<pattern>/servers"): listed(
        "hypervisors", exact(_BRIEF, {"servers": _SERVERS})
    ),
    ("GET", _GROUPS): listed("aggregates", AGGREGATE),
    ("POST", _GROUPS): one("aggregate", MADE),
    ("GET", f"{_GROUPS}/<ident>"): one("aggregate", AGGREGATE),
    ("PUT", f"{_GROUPS}/<ident>"): one("aggregate", AGGREGATE),
    ("POST", f"{_GROUPS}/<ident>/action"): one("aggregate", AGGREGATE),
    ("GET", "/v2.1/os-availability-zone"): _zones(NULL),
    ("GET", "/v2.1/os-availability-zone/detail"): _zones(values(values(_RUNS))),
    ("GET", "/v2.1/extensions"): Schema(exact({"extensions": each(_EXTENSION)})),
    ("GET", "/v2.1/extensions/<alias>"): Schema(exact({"extension": _EXTENSION})),
    ("GET", "/v2.1/os-hosts"): Schema(
        exact({"hosts": each(exact({"host_name": STRING, "service": STRING, "zone": STRING}))})
    ),
    ("GET", "/v2.1/os-hosts/<host>"): Schema(exact({"host": each(_RESOURCE)})),
    ("PUT", "/v2.1/os-hosts/<host>"): Schema(
        exact({"host": STRING, "status": {"enum": ["enabled", "disabled"]}})
    ),
}
