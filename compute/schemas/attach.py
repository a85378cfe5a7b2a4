"Bodies of interfaces, volume attachments and consoles."

from common.schema import Versioned, obj
from compute.schemas.cluster import query
from compute.schemas.fields import BOOLEAN, DEVICE_TAG, UUID, steps, wrapped

_FIXED = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": obj("ip_address", ip_address={"type": "string", "format": "ip"}),
}
_PORT = steps(obj(net_id=UUID, port_id=UUID, fixed_ips=_FIXED), ("2.49", {"tag": DEVICE_TAG}))
INTERFACE = Versioned({v: obj(interfaceAttachment=s) for v, s in _PORT.items()})
"""An empty object asks for a port on the only network."""
DEVICE = {"type": ["string", "null"], "pattern": r"(^/dev/x{0,1}[a-z]{0,1}d{0,1}[a-z]+)[0-9]*$"}
VOLUME = Versioned(
    wrapped(
        "volumeAttachment",
        steps(
            obj("volumeId", volumeId=UUID, device=DEVICE),
            ("2.49", {"tag": DEVICE_TAG}),
            ("2.79", {"delete_on_termination": BOOLEAN}),
        ),
    )
)
_SWAP = obj("volumeId", volumeId=UUID)
VOLUMES = query("limit", "offset")
UPDATE_VOLUME = Versioned(
    wrapped(
        "volumeAttachment",
        {
            "2.1": _SWAP,
            "2.85": obj(
                "volumeId",
                volumeId=UUID,
                device=DEVICE,
                tag=DEVICE_TAG,
                delete_on_termination=BOOLEAN,
                serverId=UUID,
                id=UUID,
            ),
        },
    )
)
_TYPES = {
    "vnc": ["novnc", "xvpvnc"],
    "spice": ["spice-html5"],
    "rdp": ["rdp-html5"],
    "serial": ["serial"],
}


def _console(protocols: dict[str, list[str]]) -> dict[str, object]:
    return obj(
        "remote_console",
        remote_console=obj(
            "protocol type",
            protocol={"type": "string", "enum": list(protocols)},
            type={"type": "string", "enum": [t for types in protocols.values() for t in types]},
        ),
    )


REMOTE_CONSOLE = Versioned(
    {
        "2.1": _console(_TYPES),
        "2.8": _console({**_TYPES, "mks": ["webmks"]}),
        "2.99": _console({**_TYPES, "mks": ["webmks"], "spice": ["spice-html5", "spice-direct"]}),
    }
)
TOKEN = Versioned(
    {"2.1": {"type": "object"}, "2.99": {"type": "object", "additionalProperties": False}}
)
"""The query of a console token: none, which is minded from 2.99 on"""
