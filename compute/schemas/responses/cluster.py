"Server groups, usage, external events, limits and quotas in answers; the version documents."

from typing import Any

from common.schema import Schema, Versioned
from compute.schemas.responses.pieces import (
    COUNT,
    INTEGER,
    LIMIT,
    NEXT,
    NUMBER,
    STAMP,
    STRING,
    TEXT,
    UUID,
    Json,
    each,
    exact,
    grown,
    listed,
    one,
    values,
)

GROUP = grown(
    {
        "id": UUID,
        "name": STRING,
        "members": each(UUID),
        "policies": each(STRING, minItems=1, maxItems=1),
        "metadata": {"const": {}},
    },
    ("2.13", {"project_id": TEXT, "user_id": TEXT}),
    (
        "2.64",
        {
            "policies": None,
            "metadata": None,
            "policy": STRING,
            "rules": exact({}, {"max_server_per_host": {"type": "integer", "minimum": 1}}),
        },
    ),
)
_SERVER_USAGE = exact(
    {
        "instance_id": UUID,
        "name": STRING,
        "tenant_id": STRING,
        "flavor": STRING,
        "hours": NUMBER,
        "vcpus": COUNT,
        "memory_mb": COUNT,
        "local_gb": COUNT,
        "started_at": STAMP,
        "ended_at": STAMP,
        "uptime": COUNT,
        "state": STRING,
    }
)
_USAGE: Json = {
    "tenant_id": STRING,
    "start": STAMP,
    "stop": STAMP,
    "total_hours": NUMBER,
    "total_memory_mb_usage": NUMBER,
    "total_vcpus_usage": NUMBER,
    "total_local_gb_usage": NUMBER,
}
_DETAILED = exact({**_USAGE, "server_usages": each(_SERVER_USAGE)})
_EVENT = exact(
    {
        "name": STRING,
        "server_uuid": UUID,
        "status": {"enum": ["failed", "completed", "in-progress"]},
        "code": {"enum": [200, 400, 404, 422]},
    },
    {"tag": STRING},
)

_NETWORK = ("fixed_ips", "floating_ips", "security_group_rules", "security_groups")
_FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
_COUNTED = ("instances", "cores", "ram", "metadata_items", "key_pairs")
_GROUPS = ("server_groups", "server_group_members")


def _quota(value: Json, names: tuple[str, ...], network: str) -> dict[str, Json]:
    "A set of quotas: what belongs to the network leaves at version `network`, files at 2.57."
    return grown(
        dict.fromkeys((*_COUNTED, *names, *_NETWORK, *_FILES), value),
        (network, dict.fromkeys(_NETWORK)),
        ("2.57", dict.fromkeys(_FILES)),
    )


def _named(growth: dict[str, Json]) -> dict[str, Json]:
    return {v: exact({"id": STRING, **s["properties"]}) for v, s in growth.items()}


SET = _quota(LIMIT, _GROUPS, "2.36")
DETAIL = _quota(exact({"limit": LIMIT, "in_use": COUNT, "reserved": COUNT}), _GROUPS, "2.36")
CLASS = grown(
    _quota(LIMIT, (), "2.50")["2.1"]["properties"],
    ("2.50", {**dict.fromkeys(_NETWORK), **dict.fromkeys(_GROUPS, LIMIT)}),
    ("2.57", dict.fromkeys(_FILES)),
)
ABSOLUTE = grown(
    {
        **dict.fromkeys(
            (
                "maxTotalInstances",
                "maxTotalCores",
                "maxTotalRAMSize",
                "maxServerMeta",
                "maxImageMeta",
                "maxPersonality",
                "maxPersonalitySize",
                "maxTotalKeypairs",
                "maxServerGroups",
                "maxServerGroupMembers",
                "maxTotalFloatingIps",
                "maxSecurityGroups",
                "maxSecurityGroupRules",
            ),
            LIMIT,
        ),
        **dict.fromkeys(
            (
                "totalInstancesUsed",
                "totalCoresUsed",
                "totalRAMUsed",
                "totalServerGroupsUsed",
                "totalFloatingIpsUsed",
                "totalSecurityGroupsUsed",
            ),
            COUNT,
        ),
    },
    (
        "2.36",
        dict.fromkeys(
            (
                "maxTotalFloatingIps",
                "maxSecurityGroups",
                "maxSecurityGroupRules",
                "totalFloatingIpsUsed",
                "totalSecurityGroupsUsed",
            )
        ),
    ),
    ("2.39", {"maxImageMeta": None}),
    ("2.57", {"maxPersonality": None, "maxPersonalitySize": None}),
)
LIMITS = {
    v: exact({"rate": each(values({}), maxItems=0), "absolute": s}) for v, s in ABSOLUTE.items()
}

_LINKS = each(exact({"rel": STRING, "href": STRING}, {"type": STRING}))
_ENTRY: Json = {
    "id": STRING,
    "status": {"enum": ["CURRENT", "SUPPORTED"]},
    "version": STRING,
    "min_version": STRING,
    "updated": STRING,
    "links": _LINKS,
}
_DOCUMENT = Schema(
    exact(
        {"version": exact({**_ENTRY, "media-types": each(exact({"base": STRING, "type": STRING}))})}
    )
)
_USAGE_AT, _GROUPS_AT = "/v2.1/os-simple-tenant-usage", "/v2.1/os-server-groups"
_QUOTAS_AT, _CLASS_AT = "/v2.1/os-quota-sets/<project_id>", "/v2.1/os-quota-class-sets/<name>"
_AUDIT = exact(
    {
        "period_beginning": STRING,
        "period_ending": STRING,
        "num_hosts": COUNT,
        "num_hosts_done": COUNT,
        "num_hosts_running": COUNT,
        "num_hosts_not_run": COUNT,
        "hosts_not_run": each(STRING),
        "total_instances": COUNT,
        "total_errors": COUNT,
        "overall_status": STRING,
        "log": values(
            exact({"state": STRING, "instances": INTEGER, "errors": INTEGER, "message": STRING})
        ),
    }
)
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/"): Schema(exact({"versions": each(exact(_ENTRY))})),
    **{("GET", p): _DOCUMENT for p in ("/v2.1", "/v2.1/", "/v2", "/v2/", "/v2.1/versions/<ident>")},
    ("GET", _GROUPS_AT): listed("server_groups", GROUP),
    ("POST", _GROUPS_AT): one("server_group", GROUP),
    ("GET", f"{_GROUPS_AT}/<ident>"): one("server_group", GROUP),
    ("GET", _USAGE_AT): Versioned(
        {
            "2.1": exact(
                {"tenant_usages": each(exact(_USAGE, {"server_usages": each(_SERVER_USAGE)}))}
            ),
            "2.40": exact(
                {"tenant_usages": each(exact(_USAGE, {"server_usages": each(_SERVER_USAGE)}))},
                {"tenant_usages_links": NEXT},
            ),
        }
    ),
    ("GET", f"{_USAGE_AT}/<project_id>"): Versioned(
        {
            "2.1": exact({"tenant_usage": {"anyOf": [_DETAILED, {"const": {}}]}}),
            "2.40": exact(
                {"tenant_usage": {"anyOf": [_DETAILED, {"const": {}}]}},
                {"tenant_usage_links": NEXT},
            ),
        }
    ),
    ("POST", "/v2.1/os-server-external-events"): Schema(exact({"events": each(_EVENT)})),
    ("GET", "/v2.1/limits"): one("limits", LIMITS),
    ("GET", _QUOTAS_AT): one("quota_set", _named(SET)),
    ("GET", f"{_QUOTAS_AT}/defaults"): one("quota_set", _named(SET)),
    ("GET", f"{_QUOTAS_AT}/detail"): one("quota_set", _named(DETAIL)),
    ("PUT", _QUOTAS_AT): one("quota_set", SET),
    ("GET", _CLASS_AT): one("quota_class_set", _named(CLASS)),
    ("PUT", _CLASS_AT): one("quota_class_set", CLASS),
    ("GET", "/v2.1/os-instance_usage_audit_log"): Schema(
        exact({"instance_usage_audit_logs": _AUDIT})
    ),
    ("GET", "/v2.1/os-instance_usage_audit_log/<before>"): Schema(
        exact({"instance_usage_audit_log": _AUDIT})
    ),
}
