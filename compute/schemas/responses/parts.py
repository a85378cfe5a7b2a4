"""Interfaces, volume attachments, consoles, action records, migrations in answers."""

from typing import Any

from common.schema import Schema, Versioned
from compute.schemas.responses.pieces import (
    ADDRESS,
    BOOLEAN,
    COUNT,
    INTEGER,
    LINKS,
    NULL,
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
)

INTERFACE = grown(
    {
        "net_id": UUID,
        "port_id": UUID,
        "mac_addr": {"type": "string", "format": "mac-address"},
        "port_state": {"enum": ["ACTIVE", "DOWN"]},
        "fixed_ips": each(exact({"subnet_id": UUID, "ip_address": ADDRESS})),
    },
    ("2.70", {"tag": TEXT}),
)
VOLUME = grown(
    {"id": UUID, "volumeId": UUID, "serverId": UUID, "device": TEXT},
    ("2.70", {"tag": TEXT}),
    ("2.79", {"delete_on_termination": BOOLEAN}),
    ("2.89", {"id": None, "attachment_id": {"type": ["string", "null"]}, "bdm_uuid": UUID}),
)
CONSOLE = exact(
    {
        "protocol": {"enum": ["vnc", "serial", "spice"]},
        "type": {"enum": ["novnc", "xvpvnc", "serial", "spice-html5", "spice-direct"]},
        "url": {"type": "string", "format": "uri"},
    }
)
_TARGET: Json = {
    "instance_uuid": UUID,
    "host": STRING,
    "port": COUNT,
    "internal_access_path": TEXT,
}
TOKEN = grown(_TARGET, ("2.99", {"?tls_port": {"type": ["integer", "null"]}}))
_EVENT: Json = {
    "event": STRING,
    "start_time": STAMP,
    "finish_time": STAMP,
    "result": {"enum": ["Success", "Error", None]},
}
_ACTION: Json = {
    "action": STRING,
    "instance_uuid": UUID,
    "request_id": STRING,
    "user_id": TEXT,
    "project_id": TEXT,
    "start_time": STAMP,
    "message": TEXT,
}
ACTION = grown(_ACTION, ("2.58", {"updated_at": STAMP}))


def _with_events() -> dict[str, Json]:
    event = grown(
        _EVENT,
        ("2.51", {}),
        ("2.58", {}),
        ("2.62", {"?host": TEXT, "hostId": STRING}),
        ("2.84", {"?details": TEXT}),
        optional={"traceback": TEXT},
    )
    events = {v: each(e) for v, e in event.items()}
    return grown(
        _ACTION,
        ("2.51", {"events": events["2.51"]}),
        ("2.58", {"updated_at": STAMP}),
        ("2.62", {"events": events["2.62"]}),
        ("2.84", {"events": events["2.84"]}),
        optional={"events": events["2.1"]},
    )


_PLACES: Json = {
    "source_compute": TEXT,
    "source_node": TEXT,
    "dest_compute": TEXT,
    "dest_node": TEXT,
    "dest_host": TEXT,
    "status": STRING,
    "created_at": STAMP,
    "updated_at": STAMP,
}
_KINDS: Json = {"enum": ["migration", "resize", "live-migration", "evacuation"]}
MIGRATION = grown(
    {
        "id": INTEGER,
        "instance_uuid": UUID,
        **_PLACES,
        "old_instance_type_id": {"type": ["integer", "null"]},
        "new_instance_type_id": {"type": ["integer", "null"]},
    },
    ("2.23", {"migration_type": _KINDS, "?links": LINKS}),
    ("2.59", {"uuid": UUID}),
    ("2.80", {"user_id": TEXT, "project_id": TEXT}),
)
_BYTES: Json = {"type": ["integer", "null"]}
LIVE = grown(
    {
        "id": INTEGER,
        "server_uuid": UUID,
        **_PLACES,
        **{
            f"{kind}_{what}_bytes": _BYTES
            for kind in ("memory", "disk")
            for what in ("total", "processed", "remaining")
        },
    },
    ("2.59", {"uuid": UUID}),
    ("2.80", {"user_id": TEXT, "project_id": TEXT}),
)

_AT = "/v2.1/servers/<server_id>"
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", f"{_AT}/os-interface"): listed("interfaceAttachments", INTERFACE),
    ("GET", f"{_AT}/os-interface/<port_id>"): one("interfaceAttachment", INTERFACE),
    ("POST", f"{_AT}/os-interface"): one("interfaceAttachment", INTERFACE),
    ("GET", f"{_AT}/os-volume_attachments"): listed("volumeAttachments", VOLUME),
    ("GET", f"{_AT}/os-volume_attachments/<volume_id>"): one("volumeAttachment", VOLUME),
    ("POST", f"{_AT}/os-volume_attachments"): Versioned(
        {**{v: exact({"volumeAttachment": s}) for v, s in VOLUME.items()}, "2.101": NULL}
    ),
    ("POST", f"{_AT}/remote-consoles"): Schema(exact({"remote_console": CONSOLE})),
    ("GET", "/v2.1/os-console-auth-tokens/<token>"): one("console", TOKEN),
    ("GET", f"{_AT}/os-instance-actions"): listed(
        "instanceActions", ACTION, pages="2.58", key="links"
    ),
    ("GET", f"{_AT}/os-instance-actions/<request_id>"): one("instanceAction", _with_events()),
    ("GET", "/v2.1/os-migrations"): listed("migrations", MIGRATION, pages="2.59"),
    ("GET", f"{_AT}/migrations"): listed("migrations", LIVE),
    ("GET", f"{_AT}/migrations/<ident>"): one("migration", LIVE),
}
