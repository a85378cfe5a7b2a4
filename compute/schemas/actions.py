"Arguments of POST /servers/{id}/action, by action."

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import (
    ADMIN_PASS,
    BOOLEAN,
    DESCRIPTION,
    FQDN,
    HOSTNAME,
    METADATA,
    NAME,
    NON_NEGATIVE,
    SHORT_HOST,
    keys,
    steps,
)
from compute.schemas.servers import CERTIFICATES, DISK_CONFIG, FILES, IPV4, IPV6, USER_DATA

BOOLEAN_VALUES: list[Any] = list(BOOLEAN["enum"])
ANYTHING: dict[str, Any] = {}
NULL: dict[str, Any] = {"type": "null"}
LINES: dict[str, Any] = {
    "type": ["integer", "string", "null"],
    "pattern": "^-?[0-9]*$",
    "minimum": -1,
}
CONSOLE_OUTPUT: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {"length": LINES},
    "additionalProperties": False,
}
REBOOT = obj(
    "type", type={"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}
)
LOCK = Versioned(
    {
        "2.1": ANYTHING,
        "2.73": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}},
        },
    }
)
RESET_STATE = obj("state", state={"type": "string", "enum": ["active", "error"]})
REBUILD = Versioned(
    steps(
        obj(
            "imageRef",
            name=NAME,
            imageRef={"type": "string"},
            adminPass=ADMIN_PASS,
            metadata=METADATA,
            preserve_ephemeral=BOOLEAN,
            personality=FILES,
            accessIPv4=IPV4,
            accessIPv6=IPV6,
            **keys({"OS-DCF:diskConfig": DISK_CONFIG}),
        ),
        ("2.19", {"description": DESCRIPTION}),
        ("2.54", {"key_name": {"oneOf": [NAME, NULL]}}),
        ("2.57", {"personality": None, "user_data": {"oneOf": [USER_DATA, NULL]}}),
        ("2.63", {"trusted_image_certificates": CERTIFICATES}),
        ("2.90", {"hostname": SHORT_HOST}),
        ("2.94", {"hostname": FQDN}),
    )
)
RESIZE = obj(
    "flavorRef",
    flavorRef={"type": ["string", "integer"], "minLength": 1},
    **keys({"OS-DCF:diskConfig": DISK_CONFIG}),
)
CREATE_IMAGE = obj("name", name=NAME, metadata=METADATA)
CREATE_BACKUP = obj(
    "name backup_type rotation",
    name=NAME,
    backup_type={"type": "string"},
    rotation=NON_NEGATIVE,
    metadata=METADATA,
)
CHANGE_PASSWORD = obj("adminPass", adminPass=ADMIN_PASS)
RESCUE: dict[str, Any] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "adminPass": ADMIN_PASS,
        "rescue_image_ref": {"type": "string", "format": "uuid"},
    },
}
GROUP = obj("name", name={"type": "string", "minLength": 1, "maxLength": 255})
ADD_FIXED_IP = obj(
    "networkId", networkId={"type": ["string", "number"], "minLength": 1, "maxLength": 36}
)
REMOVE_FIXED_IP = obj("address", address={"type": "string", "format": "ip"})
ADD_FLOATING_IP = obj(
    "address",
    address={"type": "string", "format": "ip"},
    fixed_address={"type": "string", "format": "ip"},
)
REMOVE_FLOATING_IP = obj("address", address={"type": "string", "format": "ip"})
EVACUATE = Versioned(
    steps(
        {**obj("onSharedStorage", host=HOSTNAME, onSharedStorage=BOOLEAN, adminPass=ADMIN_PASS)},
        ("2.14", {"onSharedStorage": None}),
        ("2.29", {"force": BOOLEAN}),
        ("2.68", {"force": None}),
    )
)
MIGRATE = Versioned(
    {
        "2.1": ANYTHING,
        "2.56": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {"host": {"oneOf": [HOSTNAME, NULL]}},
        },
    }
)
LIVE_MIGRATE = Versioned(
    steps(
        obj(
            "block_migration disk_over_commit host",
            block_migration=BOOLEAN,
            disk_over_commit=BOOLEAN,
            host={"oneOf": [HOSTNAME, NULL]},
        ),
        (
            "2.25",
            {
                "disk_over_commit": None,
                "block_migration": {
                    "type": ["boolean", "string"],
                    "enum": ["auto", *BOOLEAN_VALUES],
                },
            },
        ),
        ("2.30", {"force": BOOLEAN}),
        ("2.68", {"force": None}),
    )
)
UNSHELVE = Versioned(
    {
        "2.1": ANYTHING,
        "2.77": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "required": ["availability_zone"],
            "properties": {"availability_zone": {"type": "string", "minLength": 1}},
        },
        "2.91": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "availability_zone": {"type": ["string", "null"], "minLength": 1},
                "host": HOSTNAME,
            },
        },
    }
)
VNC = obj("type", type={"type": "string", "enum": ["novnc", "xvpvnc"]})
SPICE = obj("type", type={"type": "string", "enum": ["spice-html5"]})
SERIAL = obj("type", type={"type": "string", "enum": ["serial"]})
