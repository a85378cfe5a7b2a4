"""POST /servers: from a wish to accepted work. The story of a create is `boot`, top to bottom."""

import re
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from common.db import after_commit
from common.ids import new_hex, new_id
from compute.core import Deps, blockdev, groups, images, keypairs, network, quotas, work, zones
from compute.errors import (
    InvalidParameter,
    KeypairNotFound,
    NoSuchFlavor,
    NoSuchKeypair,
    TooManyItems,
)
from compute.scheduler.json_query import BadQuery
from compute.scheduler.json_query import check as check_query
from compute.store import flavors as flavor_store
from compute.store import servers as store
from compute.store.models import BlockDevice, Server

Accepted = tuple[str, list[Server], str]


def boot(
    deps: Deps,
    ctx: Context,
    wish: Mapping[str, Any],
    hints: Mapping[str, Any],
    *,
    multiattach: bool = True,
    port_resources: bool = True,
) -> Accepted:
    """Accept a create: (reservation id, servers in BUILD, administrator's password).

    Everything that a caller can have got wrong is found before anything is written: the flavor,
    image, networks, keypair, devices and zone. One transaction then counts the quota and writes
    servers, devices, action records and jobs. `multiattach` and `port_resources` say whether the
    caller's version knows of volumes that several servers share (2.60), and of ports that ask for
    resources of a host (2.72).
    """
    if wish.get("trusted_image_certificates"):
        raise InvalidParameter(
            "Image certificates cannot be checked: this cloud has no certificate validation."
        )
    least, most = _counts(wish)
    flavor = flavor_for(deps, ctx, wish["flavorRef"])
    image = _image(deps, ctx, wish, flavor)
    key = keypair(deps, ctx, wish.get("key_name"))
    where = zones.wanted(deps, ctx, wish)
    wanted = network.resolve(deps, ctx, wish.get("networks"), several=most > 1)
    resources = network.resources_of(wanted)
    if resources and not port_resources:
        raise InvalidParameter(
            "Creating servers with ports having resource requests, like a port with a QoS minimum "
            "bandwidth policy, is not supported until microversion 2.72."
        )
    secure = (
        network.security_groups(deps, ctx, [g["name"] for g in wish.get("security_groups") or []])
        if wanted
        else []
    )
    devices, record = blockdev.plan(deps, ctx, wish, flavor, image, multiattach=multiattach)
    _check_hints(hints)
    password = wish.get("adminPass") or make_password(deps)
    server = _common(ctx, wish, flavor, record, key, where) | {
        "hints": dict(hints),
        "security_groups": [g["name"] for g in secure] or ["default"],
    }
    server["request"] = {
        "networks": wanted,
        "groups": secure,
        "password": password,
        **where,
        "volume_token": None,
        "min_disk_ok": True,
        "resources": resources,
    }
    with deps.db.write() as session:
        limits = _limits(deps, session, ctx, wish)
        group = groups.for_boot(deps, session, ctx, hints)
        count = quotas.admit(
            deps, session, ctx.project_id or "", ctx.user_id or "", flavor, least, most, limits
        )
        if group is not None:
            server["group_id"] = group
            groups.admit(deps, session, ctx, group, count)
        rows = [_row(server, wish, i, count) for i in range(count)]
        _save(session, ctx, rows, devices, wish.get("tags") or [])
        jobs = [work.begin(session, ctx, r, "build", action="create") for r in rows]
        after_commit(session, lambda: work.wake(deps, jobs, ctx))
    return server["reservation_id"], rows, password


def truth(value: Any) -> bool:
    "A boolean in any of the ways that the API takes."
    return str(value).lower() in ("true", "1", "on", "yes", "t", "y")


def _counts(wish: Mapping[str, Any]) -> tuple[int, int]:
    least = int(wish.get("min_count") or wish.get("os-multiple-create:min_count") or 1)
    most = int(wish.get("max_count") or wish.get("os-multiple-create:max_count") or least)
    if least > most:
        raise InvalidParameter(
            field="min_count", value=least, reason="min_count must be <= max_count"
        )
    return least, most


def flavor_for(deps: Deps, ctx: Context, ref: Any) -> dict[str, Any]:
    "A flavor that the caller may use, as servers keep it. Raises NoSuchFlavor."
    flavor_id = str(ref).rstrip("/").rsplit("/", 1)[-1]
    with deps.db.read() as session:
        flavor = flavor_store.get(
            session, flavor_id, None if ctx.is_admin else ctx.project_id or ""
        )
    if flavor is None or flavor.disabled:
        raise NoSuchFlavor(flavor_id=flavor_id)
    return flavor.snapshot()


def image_id(ref: Any) -> str | None:
    "The id in an imageRef, which may be a URL. Raises InvalidParameter."
    if ref in (None, ""):
        return None
    found = str(ref).rstrip("/").rsplit("/", 1)[-1]
    if not re.fullmatch(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", found):
        raise InvalidParameter("Invalid imageRef provided.")
    return found


def _image(
    deps: Deps, ctx: Context, wish: Mapping[str, Any], flavor: Mapping[str, Any]
) -> dict[str, Any] | None:
    wanted = image_id(wish.get("imageRef"))
    if wanted is None:
        if not wish.get("block_device_mapping_v2") and not wish.get("block_device_mapping"):
            raise InvalidParameter(
                "Invalid imageRef provided: an image or a boot device is needed."
            )
        return None
    image = images.get(deps, ctx, wanted)
    images.check(image, flavor)
    if not flavor["root_gib"] and not ctx.allows(
        "os_compute_api:servers:create:zero_disk_flavor", {"project_id": ctx.project_id}
    ):
        # the size of the image would be taken from the host without having been counted
        raise InvalidParameter(
            "Only volume-backed servers are allowed for flavors with zero disk.",
        )
    return image


def keypair(deps: Deps, ctx: Context, name: str | None) -> dict[str, Any] | None:
    "A keypair of the caller, as servers keep it. Raises NoSuchKeypair."
    if not name:
        return None
    try:
        row = keypairs.get(deps, ctx.user_id or "", name)
    except KeypairNotFound:
        raise NoSuchKeypair() from None
    return {
        "name": row.name,
        "public_key": row.public_key,
        "type": row.type,
        "fingerprint": row.fingerprint,
    }


def _check_hints(hints: Mapping[str, Any]) -> None:
    query = hints.get("query")
    query = (
        query[0]
        if isinstance(query, list) and len(query) == 1 and isinstance(query[0], str)
        else query
    )
    if query is not None:
        try:
            check_query(query)
        except BadQuery as error:
            raise InvalidParameter(field="query", value=query, reason=f"{error}.") from None


def make_password(deps: Deps) -> str:
    "A password with a digit, a capital and a small letter, without letters that look alike."
    pools = [
        re.sub("[01lIO]", "", p)
        for p in (string.digits, string.ascii_uppercase, string.ascii_lowercase)
    ]
    length = int(deps.config.compute.password_length)
    letters = [secrets.choice(p) for p in pools] + [
        secrets.choice("".join(pools)) for _ in range(length - 3)
    ]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def _common(
    ctx: Context,
    wish: Mapping[str, Any],
    flavor: Mapping[str, Any],
    image: Mapping[str, Any],
    key: Mapping[str, Any] | None,
    where: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "project_id": ctx.project_id,
        "user_id": ctx.user_id,
        "description": wish.get("description"),
        "flavor": dict(flavor),
        "flavor_id": flavor["id"],
        "vcpus": flavor["vcpus"],
        "memory_mib": flavor["memory_mib"],
        "root_gib": flavor["root_gib"],
        "ephemeral_gib": flavor["ephemeral_gib"],
        "image_id": image.get("id") or None,
        "image": dict(image),
        "key_name": key["name"] if key else None,
        "key": dict(key) if key else None,
        "user_data": wish.get("user_data"),
        "config_drive": truth(wish.get("config_drive")),
        "personality": list(wish.get("personality") or []),
        "meta": dict(wish.get("metadata") or {}),
        "access_ipv4": wish.get("accessIPv4") or None,
        "access_ipv6": wish.get("accessIPv6") or None,
        "disk_config": wish.get("OS-DCF:diskConfig") or "MANUAL",
        "availability_zone": where.get("zone"),
        "pinned_zone": where.get("zone"),
        "reservation_id": f"r-{new_hex()[:8]}",
        "task_state": "scheduling",
    }


def hostname_of(name: str, fallback: str) -> str:
    """A host name made of a server's name, as Nova makes it: ASCII letters, digits, hyphens and
    dots only."""
    text = name.encode("ascii", "ignore").decode().strip()
    text = re.sub(r"[ _]", "-", text)
    text = re.sub(r"[^\w.-]+", "", text).lower().strip(".-")[:63].strip(".-")
    return re.sub(r"\.", "-", text) or fallback


def _row(common: Mapping[str, Any], wish: Mapping[str, Any], index: int, count: int) -> Server:
    server_id = new_id()
    name = wish["name"].strip() if count == 1 else f"{wish['name'].strip()}-{index + 1}"
    wanted = wish.get("hostname")
    if wanted and count > 1:
        wanted = f"{wanted}-{index + 1}"
    return Server(
        id=server_id,
        name=name,
        hostname=wanted or hostname_of(name, f"server-{server_id}"),
        launch_index=index,
        **common,
    )


def _limits(deps: Deps, session: Any, ctx: Context, wish: Mapping[str, Any]) -> dict[str, int]:
    limits = quotas.effective(deps, session, ctx.project_id, ctx.user_id)
    _most("metadata_items", len(wish.get("metadata") or {}), limits)
    files: Sequence[Mapping[str, str]] = wish.get("personality") or []
    _most("injected_files", len(files), limits)
    for one in files:
        _most("injected_file_path_bytes", len(one["path"].encode()), limits)
        _most("injected_file_content_bytes", len(one["contents"]) * 3 // 4, limits)
    return limits


def _most(name: str, given: int, limits: Mapping[str, int]) -> None:
    if limits[name] != -1 and given > limits[name]:
        raise TooManyItems(what=name, given=given, limit=limits[name])


def _save(
    session: Any,
    ctx: Context,
    rows: Sequence[Server],
    devices: Sequence[Mapping[str, Any]],
    tags: Sequence[str],
) -> None:
    session.add_all(rows)
    session.flush()
    session.add_all(BlockDevice(server_id=r.id, **d) for r in rows for d in devices)
    if tags:
        for row in rows:
            store.set_tags(session, row.id, tags)
