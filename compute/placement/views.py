"Placement's JSON."

from collections.abc import Mapping
from typing import Any

from common.http import Version
from compute.placement.candidates import Universe
from compute.store.models import Consumer, Inventory, Provider


def provider(row: Provider, known: Mapping[int, Provider], version: Version) -> dict[str, Any]:
    "A provider with links to what it has; `known` has its tree."
    url = f"/placement/resource_providers/{row.uuid}"
    rels = ["inventories", "usages"]
    if version >= "1.1":
        rels.append("aggregates")
    if version >= "1.6":
        rels.append("traits")
    if version >= "1.11":
        rels.append("allocations")
    out: dict[str, Any] = {
        "uuid": row.uuid,
        "name": row.name,
        "generation": row.generation,
        "links": [{"rel": "self", "href": url}, *({"rel": r, "href": f"{url}/{r}"} for r in rels)],
    }
    if version >= "1.14":
        parent, root = known.get(row.parent_id or 0), known.get(row.root_id or 0)
        out |= {
            "parent_provider_uuid": parent.uuid if parent else None,
            "root_provider_uuid": root.uuid if root else row.uuid,
        }
    return out


def inventory(row: Inventory) -> dict[str, Any]:
    "What there is of a class."
    return {
        k: getattr(row, k)
        for k in ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
    }


def inventories(row: Provider, have: Mapping[str, Inventory]) -> dict[str, Any]:
    "All classes."
    return {
        "resource_provider_generation": row.generation,
        "inventories": {rc: inventory(i) for rc, i in have.items()},
    }


def aggregates(row: Provider, uuids: set[str], version: Version) -> dict[str, Any]:
    "Aggregates, from 1.19 with the generation."
    out: dict[str, Any] = {"aggregates": sorted(uuids)}
    if version >= "1.19":
        out["resource_provider_generation"] = row.generation
    return out


def allocations(
    held: Mapping[int, Mapping[str, int]],
    providers: Mapping[int, Provider],
    who: Consumer | None,
    version: Version,
) -> dict[str, Any]:
    "What a consumer holds."
    out: dict[str, Any] = {
        "allocations": {
            providers[p].uuid: {"generation": providers[p].generation, "resources": dict(r)}
            for p, r in held.items()
        }
    }
    if who is None:
        return out
    if version >= "1.12":
        out |= {"project_id": who.project_id, "user_id": who.user_id}
    if version >= "1.28":
        out["consumer_generation"] = who.generation
    if version >= "1.38":
        out["consumer_type"] = who.consumer_type or "unknown"
    return out


def candidates(
    universe: Universe, found: list[dict[str, Any]], resources: set[str], version: Version
) -> dict[str, Any]:
    "Allocation requests, and summaries of the providers in them."
    known = universe.providers
    requests = []
    for one in found:
        if version >= "1.12":
            row: dict[str, Any] = {
                "allocations": {
                    known[p].uuid: {"resources": r} for p, r in one["allocations"].items()
                }
            }
        else:
            row = {
                "allocations": [
                    {"resource_provider": {"uuid": known[p].uuid}, "resources": r}
                    for p, r in one["allocations"].items()
                ]
            }
        if version >= "1.34":
            row["mappings"] = {
                s: [known[p].uuid for p in ids] for s, ids in one["mappings"].items()
            }
        requests.append(row)
    roots = {known[p].root_id for one in found for p in one["allocations"]}
    used = {p for one in found for p in one["allocations"]}
    shown = [
        p for p in known.values() if (p.root_id in roots if version >= "1.29" else p.id in used)
    ]
    return {
        "allocation_requests": requests,
        "provider_summaries": {p.uuid: _summary(universe, p, resources, version) for p in shown},
    }


def _summary(
    universe: Universe, row: Provider, resources: set[str], version: Version
) -> dict[str, Any]:
    have = universe.inventories.get(row.id, {})
    out: dict[str, Any] = {
        "resources": {
            rc: {"capacity": i.capacity, "used": i.used}
            for rc, i in have.items()
            if version >= "1.27" or rc in resources
        }
    }
    if version >= "1.17":
        out["traits"] = sorted(universe.traits.get(row.id, set()))
    if version >= "1.29":
        parent, root = (
            universe.providers.get(row.parent_id or 0),
            universe.providers.get(row.root_id or 0),
        )
        out |= {
            "parent_provider_uuid": parent.uuid if parent else None,
            "root_provider_uuid": root.uuid if root else row.uuid,
        }
    return out
