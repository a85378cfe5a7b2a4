"Flavors and keypairs in answers."

from typing import Any

from common.schema import Schema
from compute.schemas.responses.pieces import (
    BOOLEAN,
    COUNT,
    INTEGER,
    LINKS,
    NULL,
    NUMBER,
    STAMP,
    STRING,
    TEXT,
    TEXTS,
    Json,
    each,
    either,
    exact,
    grown,
    listed,
    one,
)

BRIEF = grown({"id": STRING, "name": STRING, "links": LINKS}, ("2.55", {"description": TEXT}))
FLAVOR = grown(
    {
        "id": STRING,
        "name": STRING,
        "ram": COUNT,
        "disk": COUNT,
        "swap": either({"const": ""}, {"type": "integer", "minimum": 1}),
        "vcpus": COUNT,
        "OS-FLV-EXT-DATA:ephemeral": COUNT,
        "OS-FLV-DISABLED:disabled": BOOLEAN,
        "os-flavor-access:is_public": BOOLEAN,
        "rxtx_factor": NUMBER,
        "links": LINKS,
    },
    ("2.55", {"description": TEXT}),
    ("2.61", {"?extra_specs": TEXTS}),
    ("2.75", {"swap": COUNT}),
    ("2.102", {"OS-FLV-DISABLED:disabled": None, "rxtx_factor": None}),
)
ACCESS = exact({"flavor_access": each(exact({"flavor_id": STRING, "tenant_id": STRING}))})
SPECS = exact({"extra_specs": TEXTS})
ONE_SPEC: Json = {**TEXTS, "minProperties": 1, "maxProperties": 1}

_KEY: Json = {"name": STRING, "fingerprint": STRING, "public_key": STRING}
_TYPE: Json = {"type": {"enum": ["ssh", "x509"]}}
_INSIDE = {v: exact({"keypair": s}) for v, s in grown(_KEY, ("2.2", _TYPE)).items()}
MADE = grown({**_KEY, "user_id": STRING}, ("2.2", _TYPE), optional={"private_key": STRING})
SHOWN = grown(
    {
        **_KEY,
        "user_id": STRING,
        "id": INTEGER,
        "created_at": STAMP,
        "deleted": {"const": False},
        "deleted_at": NULL,
        "updated_at": NULL,
    },
    ("2.2", _TYPE),
)

_AT = "/v2.1/flavors"
RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", _AT): listed("flavors", BRIEF, pages="2.1"),
    ("GET", f"{_AT}/detail"): listed("flavors", FLAVOR, pages="2.1"),
    ("POST", _AT): one("flavor", FLAVOR),
    ("GET", f"{_AT}/<flavor_id>"): one("flavor", FLAVOR),
    ("PUT", f"{_AT}/<flavor_id>"): one("flavor", FLAVOR),
    ("GET", f"{_AT}/<flavor_id>/os-flavor-access"): Schema(ACCESS),
    ("POST", f"{_AT}/<flavor_id>/action"): Schema(ACCESS),
    ("GET", f"{_AT}/<flavor_id>/os-extra_specs"): Schema(SPECS),
    ("POST", f"{_AT}/<flavor_id>/os-extra_specs"): Schema(SPECS),
    ("GET", f"{_AT}/<flavor_id>/os-extra_specs/<key>"): Schema(ONE_SPEC),
    ("PUT", f"{_AT}/<flavor_id>/os-extra_specs/<key>"): Schema(ONE_SPEC),
    ("GET", "/v2.1/os-keypairs"): listed("keypairs", _INSIDE, pages="2.35"),
    ("POST", "/v2.1/os-keypairs"): one("keypair", MADE),
    ("GET", "/v2.1/os-keypairs/<name>"): one("keypair", SHOWN),
}
