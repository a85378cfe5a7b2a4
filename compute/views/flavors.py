"Flavors and keypairs as JSON."

from typing import Any

from common.context import Context
from common.http import Version
from compute.store.models import Flavor, Keypair
from compute.views.links import links, stamp


def brief(row: Flavor, version: Version) -> dict[str, Any]:
    "In a list without details."
    out: dict[str, Any] = {
        "id": row.flavorid,
        "name": row.name,
        "links": links("flavors", row.flavorid),
    }
    if version >= "2.55":
        out["description"] = row.description
    return out


def detail(ctx: Context, row: Flavor, version: Version) -> dict[str, Any]:
    "Everything."
    swap: Any = row.swap_mib if row.swap_mib or version >= "2.75" else ""
    out = {
        "id": row.flavorid,
        "name": row.name,
        "ram": row.memory_mib,
        "disk": row.root_gib,
        "swap": swap,
        "vcpus": row.vcpus,
        "OS-FLV-EXT-DATA:ephemeral": row.ephemeral_gib,
        "os-flavor-access:is_public": row.is_public,
        "links": links("flavors", row.flavorid),
    }
    if version < "2.102":
        out |= {"OS-FLV-DISABLED:disabled": row.disabled, "rxtx_factor": row.rxtx_factor}
    if version >= "2.55":
        out["description"] = row.description
    if version >= "2.61" and ctx.allows(
        "os_compute_api:os-flavor-extra-specs:index", {"project_id": ctx.project_id}
    ):
        out["extra_specs"] = row.extra_specs or {}
    return out


def access(flavor_id: str, projects: list[str]) -> dict[str, Any]:
    "The access list."
    return {"flavor_access": [{"flavor_id": flavor_id, "tenant_id": p} for p in projects]}


def keypair(row: Keypair, version: Version) -> dict[str, Any]:
    "In a list."
    out = {"name": row.name, "fingerprint": row.fingerprint, "public_key": row.public_key}
    if version >= "2.2":
        out["type"] = row.type
    return out


def keypair_made(row: Keypair, version: Version, private: str | None) -> dict[str, Any]:
    "The answer to a create."
    out = {**keypair(row, version), "user_id": row.user_id}
    if private is not None:
        out["private_key"] = private
    return out


def keypair_detail(row: Keypair, version: Version) -> dict[str, Any]:
    "One keypair."
    return {
        **keypair(row, version),
        "user_id": row.user_id,
        "id": row.id,
        "created_at": stamp(row.created_at),
        "deleted": False,
        "deleted_at": None,
        "updated_at": None,
    }
