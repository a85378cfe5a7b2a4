"Tags of everything that has them."

from __future__ import annotations

from typing import Any

from network import errors
from network.core import Deps, reading

NOUNS = {
    "networks": "network",
    "subnets": "subnet",
    "ports": "port",
    "routers": "router",
    "subnetpools": "subnetpool",
    "floatingips": "floatingip",
    "security-groups": "security_group",
    "security-group-rules": "security_group_rule",
    "trunks": "trunk",
    "policies": "policy",
    "segments": "segment",
    "address-groups": "address_group",
}


def _noun(plural: str) -> str:
    if plural not in NOUNS:
        raise errors.missing("extension", plural)
    return NOUNS[plural]


def show(deps: Deps, ctx: Any, plural: str, key: str) -> list[str]:
    "The tags of a row."
    row = reading.show(deps, ctx, _noun(plural), key)
    ctx.enforce("get_tags", reading.owner(row))
    return list(row.tags or [])


def has(deps: Deps, ctx: Any, plural: str, key: str, tag: str) -> None:
    "Raise TagResourceTagNotFound unless the row has the tag."
    if tag not in show(deps, ctx, plural, key):
        raise errors.missing("tag", tag)


def change(
    deps: Deps,
    ctx: Any,
    plural: str,
    key: str,
    *,
    add: list[str] | None = None,
    remove: str | None = None,
    replace: list[str] | None = None,
) -> list[str]:
    "Add, remove or replace tags. Raises TagResourceTagNotFound when one to remove is not there."
    noun = _noun(plural)

    def work(session: Any) -> list[str]:
        row = reading.find(session, ctx, noun, key)
        network = getattr(row, "__dict__", {}).get("network")
        ctx.enforce(
            "update_tags",
            reading.owner(
                row,
                **{
                    "network:project_id": network.project_id
                    if network is not None
                    else row.project_id
                },
            ),
        )
        tags = list(row.tags or []) if replace is None else list(dict.fromkeys(replace))
        if remove is not None and remove not in tags:
            raise errors.missing("tag", remove)
        tags += [t for t in add or [] if t not in tags]
        row.tags = [t for t in tags if t != remove]
        row.touch()
        return list(row.tags)

    return deps.write(work)
