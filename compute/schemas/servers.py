"Bodies of server create and update, and queries of the lists."

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import (
    ADMIN_PASS,
    BOOLEAN,
    DESCRIPTION,
    DEVICE_TAG,
    FQDN,
    HOSTNAME,
    METADATA,
    NAME,
    POSITIVE,
    SHORT_HOST,
    TAG,
    keys,
    steps,
    wrapped,
)

DISK_CONFIG: dict[str, Any] = {"type": "string", "enum": ["AUTO", "MANUAL"]}
IPV4: dict[str, Any] = {"type": "string", "anyOf": [{"format": "ipv4"}, {"maxLength": 0}]}
IPV6: dict[str, Any] = {"type": "string", "anyOf": [{"format": "ipv6"}, {"maxLength": 0}]}
FILES: dict[str, Any] = {
    "type": "array",
    "items": obj(
        "path contents", path={"type": "string"}, contents={"type": "string", "format": "base64"}
    ),
}
USER_DATA: dict[str, Any] = {"type": "string", "format": "base64", "maxLength": 65535}
CERTIFICATES: dict[str, Any] = {
    "type": ["array", "null"],
    "minItems": 1,
    "maxItems": 50,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}
INDEX: dict[str, Any] = {"type": ["string", "integer", "null"], "pattern": "^-?[0-9]+$|^None$"}
LEGACY_DEVICE = obj(
    virtual_name={"type": "string", "maxLength": 255},
    volume_id={"type": "string", "maxLength": 36},
    snapshot_id={"type": "string", "maxLength": 36},
    volume_size=POSITIVE,
    device_name={
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[a-zA-Z0-9._/-]*$",
    },
    delete_on_termination=BOOLEAN,
    no_device={},
    connection_info={"type": "string"},
)
DEVICE = obj(
    source_type={"type": "string", "enum": ["volume", "image", "snapshot", "blank"]},
    destination_type={"type": "string", "enum": ["local", "volume"]},
    uuid={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]*$"},
    volume_id={"type": "string", "maxLength": 36},
    image_id={"type": "string", "maxLength": 36},
    snapshot_id={"type": "string", "maxLength": 36},
    volume_size=POSITIVE,
    device_name={
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[a-zA-Z0-9._/-]*$",
    },
    device_type={"type": "string", "maxLength": 255},
    guest_format={"type": "string", "maxLength": 255},
    disk_bus={"type": "string", "maxLength": 255},
    boot_index=INDEX,
    delete_on_termination=BOOLEAN,
    no_device={},
    virtual_name={"type": "string"},
    connection_info={"type": "string"},
)
NETWORK = obj(
    fixed_ip={"type": "string", "format": "ip"},
    port={"type": ["string", "null"], "format": "uuid"},
    uuid={"type": "string", "format": "uuid"},
)


def _devices(**more: Any) -> dict[str, Any]:
    item = {**DEVICE, "properties": {**DEVICE["properties"], **more}}
    return {"type": "array", "items": item}


def _networks(choice: bool, **more: Any) -> dict[str, Any]:
    item = {**NETWORK, "properties": {**NETWORK["properties"], **more}}
    array = {"type": "array", "items": item}
    return {"oneOf": [array, {"type": "string", "enum": ["none", "auto"]}]} if choice else array


_CREATE = obj(
    "name flavorRef",
    name=NAME,
    flavorRef={"type": ["string", "integer"], "minLength": 1},
    imageRef={"type": "string"},
    adminPass=ADMIN_PASS,
    metadata=METADATA,
    networks=_networks(False),
    accessIPv4=IPV4,
    accessIPv6=IPV6,
    personality=FILES,
    availability_zone={"type": "string", "minLength": 1, "maxLength": 255},
    config_drive=BOOLEAN,
    key_name=NAME,
    min_count=POSITIVE,
    max_count=POSITIVE,
    return_reservation_id=BOOLEAN,
    user_data=USER_DATA,
    security_groups={
        "type": "array",
        "items": obj("name", name={"type": "string", "minLength": 1, "maxLength": 255}),
    },
    block_device_mapping={"type": "array", "items": LEGACY_DEVICE},
    block_device_mapping_v2=_devices(),
    **keys({"OS-DCF:diskConfig": DISK_CONFIG}),
)
_HINT_LIST: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "format": "uuid"},
        {"type": "array", "items": {"type": "string", "format": "uuid"}},
    ]
}
HINTS = obj(
    extra=True,
    group={"type": "string", "format": "uuid"},
    different_host=_HINT_LIST,
    same_host=_HINT_LIST,
    query={"type": ["string", "array", "object"]},
    target_cell={"type": "string", "maxLength": 255},
    different_cell={"type": ["string", "array"]},
    build_near_host_ip={"type": "string", "format": "ip"},
    cidr={"type": "string", "pattern": r"^/[0-9a-f.:]+$"},
)
CREATE = Versioned(
    wrapped(
        "server",
        steps(
            _CREATE,
            ("2.19", {"description": DESCRIPTION}),
            (
                "2.32",
                {
                    "networks": _networks(False, tag=DEVICE_TAG),
                    "block_device_mapping_v2": _devices(tag=DEVICE_TAG),
                },
            ),
            (
                "2.33",
                {
                    "networks": _networks(False, tag=DEVICE_TAG),
                    "block_device_mapping_v2": _devices(),
                },
            ),
            ("2.37", {"networks": _networks(True), "__required__": ["networks"]}),
            (
                "2.42",
                {
                    "networks": _networks(True, tag=DEVICE_TAG),
                    "block_device_mapping_v2": _devices(tag=DEVICE_TAG),
                },
            ),
            ("2.52", {"tags": {"type": "array", "items": TAG, "maxItems": 50}}),
            ("2.57", {"personality": None}),
            ("2.63", {"trusted_image_certificates": CERTIFICATES}),
            (
                "2.67",
                {
                    "block_device_mapping_v2": _devices(
                        tag=DEVICE_TAG,
                        volume_type={"type": ["string", "null"], "minLength": 1, "maxLength": 255},
                    )
                },
            ),
            ("2.74", {"host": HOSTNAME, "hypervisor_hostname": HOSTNAME}),
            ("2.90", {"hostname": SHORT_HOST}),
            ("2.94", {"hostname": FQDN}),
        ),
        **keys({"os:scheduler_hints": HINTS, "OS-SCH-HNT:scheduler_hints": HINTS}),
    )
)

PINNED_ZONE: dict[str, Any] = {"type": ["string", "null"], "minLength": 1, "maxLength": 255}
UPDATE = Versioned(
    wrapped(
        "server",
        steps(
            obj(
                name=NAME,
                accessIPv4=IPV4,
                accessIPv6=IPV6,
                **keys({"OS-DCF:diskConfig": DISK_CONFIG}),
            ),
            ("2.19", {"description": DESCRIPTION}),
            ("2.90", {"hostname": SHORT_HOST}),
            ("2.94", {"hostname": FQDN}),
            ("2.104", {"pinned_availability_zone": PINNED_ZONE}),
        ),
    )
)

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
FILTERS = [
    "user_id",
    "project_id",
    "tenant_id",
    "launch_index",
    "image_ref",
    "image",
    "kernel_id",
    "ramdisk_id",
    "hostname",
    "key_name",
    "power_state",
    "vm_state",
    "task_state",
    "host",
    "node",
    "access_ip_v4",
    "access_ip_v6",
    "availability_zone",
    "config_drive",
    "deleted",
    "description",
    "display_name",
    "display_description",
    "created_at",
    "launched_at",
    "terminated_at",
    "launched_on",
    "locked_by",
    "uuid",
    "root_device_name",
    "progress",
    "auto_disk_config",
    "disk_config",
    "flavor",
    "status",
    "name",
    "ip",
    "ip6",
    "changes-since",
    "all_tenants",
    "reservation_id",
    "instance_type_id",
    "cleaned",
    "os_type",
    "architecture",
    "vm_mode",
    "ephemeral_key_uuid",
    "default_ephemeral_device",
    "default_swap_device",
    "system_metadata",
    "metadata",
    "security_groups",
    "info_cache",
    "services",
    "pci_devices",
    "limit",
    "marker",
    "sort_key",
    "sort_dir",
    "not-tags",
    "tags",
    "tags-any",
    "not-tags-any",
    "changes-before",
    "locked",
    "soft_deleted",
]
LIST = Versioned(
    {
        "2.1": {
            "type": "object",
            "properties": dict.fromkeys(FILTERS, _TEXTS),
            "additionalProperties": True,
        },
        "2.75": {
            "type": "object",
            "properties": dict.fromkeys(FILTERS, _TEXTS),
            "additionalProperties": False,
        },
    }
)
TAGS = obj("tags", tags={"type": "array", "items": TAG, "maxItems": 50})
META = obj("metadata", metadata=METADATA)
META_ITEM = obj("meta", meta={**METADATA, "maxProperties": 1, "minProperties": 1})
SHARE = obj(
    "share",
    share=obj(
        "share_id",
        share_id={"type": "string", "format": "uuid"},
        tag={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]*$"},
    ),
)
