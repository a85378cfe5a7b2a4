"""Which disks a new server gets: from its image, its flavor, and block_device_mapping (both
versions).

Source: Nova's user guide "Block Device Mapping in Nova".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from compute.core import Deps, images, volumes
from compute.errors import BadBlockDevices, NoSuchFlavor
from compute.store.models import BlockDevice

Entry = dict[str, Any]


def plan(
    deps: Deps,
    ctx: Context,
    wish: Mapping[str, Any],
    flavor: Mapping[str, Any],
    image: Mapping[str, Any] | None,
    *,
    multiattach: bool = True,
) -> tuple[list[Entry], dict[str, Any]]:
    """(block devices as column values, the record of the image that the server boots). Raises
    BadBlockDevices for what cannot be, NoSuchVolume and the like for what is not there,
    NotSupportedHere for a volume that several servers may share without `multiattach`."""
    entries = [_v2(e) for e in wish.get("block_device_mapping_v2") or []]
    legacy = wish.get("block_device_mapping") or []
    if legacy and entries:
        raise BadBlockDevices(
            reason=(
                "Using different block_device_mapping syntaxes is not allowed in the same request."
            )
        )
    entries += [_v1(e) for e in legacy]
    roots = [e for e in entries if e["boot_index"] == 0]
    if len(roots) > 1:
        raise BadBlockDevices(
            reason=(
                "Boot sequence for the instance and image/block device mapping combination is "
                "not valid."
            )
        )
    if image is not None and roots and roots[0].get("image_id") not in (None, image["id"]):
        raise BadBlockDevices(reason="the boot device is not the image of imageRef.")
    _fit_local_images(entries, flavor)
    if image is not None and not roots:
        entries.insert(0, _root(image, flavor))
    elif image is None and not roots:
        raise BadBlockDevices(
            reason="Boot sequence for the instance and image/block device mapping combination "
            "is not valid."
        )
    entries.sort(
        key=lambda e: (e["boot_index"] is None or e["boot_index"] < 0, e["boot_index"] or 0)
    )
    _add_flavor_disks(entries, flavor)
    _check(deps, entries, flavor)
    record = _look_up(deps, ctx, entries, image, multiattach)
    return _named(entries), record


def _root(image: Mapping[str, Any], flavor: Mapping[str, Any]) -> Entry:
    return _entry(
        source_type="image",
        destination_type="local",
        image_id=image["id"],
        boot_index=0,
        size_gib=flavor["root_gib"],
        delete_on_termination=True,
        device_type="disk",
    )


def _entry(**values: Any) -> Entry:
    base: Entry = dict.fromkeys(
        (
            "boot_index",
            "size_gib",
            "size_mib",
            "image_id",
            "snapshot_id",
            "volume_id",
            "volume_type",
            "guest_format",
            "device_type",
            "disk_bus",
            "device_name",
            "tag",
        )
    )
    return {**base, "delete_on_termination": False, **values}


def _v2(e: Mapping[str, Any]) -> Entry:
    source = e.get("source_type") or "volume"
    default = (
        "local" if source == "blank" and e.get("guest_format") or source == "image" else "volume"
    )
    target = e.get("destination_type") or default
    uuid = e.get("uuid")
    if source != "blank" and not uuid and not e.get("volume_id"):
        raise BadBlockDevices(reason=f"a {source} device needs a uuid.")
    if source == "blank" and uuid:
        raise BadBlockDevices(reason="a blank device has no uuid.")
    if source in ("volume", "snapshot") and target != "volume":
        raise BadBlockDevices(reason=f"source {source} cannot have destination {target}.")
    key = {"image": "image_id", "snapshot": "snapshot_id", "volume": "volume_id"}.get(source)
    size = e.get("volume_size")
    index = e.get("boot_index")
    out = _entry(
        source_type=source,
        destination_type=target,
        size_gib=int(size) if size not in (None, "") else None,
        boot_index=None if index in (None, "None") else int(index),
        delete_on_termination=_bool(e.get("delete_on_termination", False)),
        **{
            k: e.get(k)
            for k in (
                "guest_format",
                "device_type",
                "disk_bus",
                "device_name",
                "tag",
                "volume_type",
            )
        },
    )
    if key:
        out[key] = uuid or e.get("volume_id")
    if target == "volume" and source in ("image", "blank") and not out["size_gib"]:
        raise BadBlockDevices(
            reason="Volume size is needed to make a volume: volume_size is missing."
        )
    return out


def _v1(e: Mapping[str, Any]) -> Entry:
    size = e.get("volume_size")
    if e.get("no_device"):
        raise BadBlockDevices(reason="no_device is not supported without a device to leave out.")
    common = {
        "destination_type": "volume",
        "device_name": e.get("device_name"),
        "delete_on_termination": _bool(e.get("delete_on_termination", False)),
        "boot_index": 0 if e.get("device_name") in ("vda", "/dev/vda", "sda", "/dev/sda") else None,
        "size_gib": int(size) if size not in (None, "") else None,
    }
    if e.get("snapshot_id"):
        return _entry(source_type="snapshot", snapshot_id=e["snapshot_id"], **common)
    if not e.get("volume_id"):
        raise BadBlockDevices(reason="volume_id or snapshot_id is needed.")
    return _entry(source_type="volume", volume_id=e["volume_id"], **common)


def _bool(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "t", "on", "yes", "y")


def _fit_local_images(entries: Sequence[Entry], flavor: Mapping[str, Any]) -> None:
    """A local disk from an image is the flavor's root disk however it is asked for:
    `openstack server create --image` names it in block_device_mapping_v2, without a size."""
    for entry in entries:
        if entry["source_type"] == "image" and entry["destination_type"] == "local":
            if entry["boot_index"] != 0:
                raise BadBlockDevices(reason="Mapping image to local is not supported.")
            entry["size_gib"] = flavor["root_gib"]


def _add_flavor_disks(entries: list[Entry], flavor: Mapping[str, Any]) -> None:
    local = [e for e in entries if e["source_type"] == "blank" and e["destination_type"] == "local"]
    swap = [e for e in local if e["guest_format"] == "swap"]
    ephemeral = [e for e in local if e["guest_format"] != "swap"]
    if flavor.get("ephemeral_gib") and not ephemeral:
        entries.append(
            _entry(
                source_type="blank",
                destination_type="local",
                size_gib=flavor["ephemeral_gib"],
                delete_on_termination=True,
            )
        )
    if flavor.get("swap_mib") and not swap:
        entries.append(
            _entry(
                source_type="blank",
                destination_type="local",
                size_mib=flavor["swap_mib"],
                guest_format="swap",
                delete_on_termination=True,
            )
        )


def _check(deps: Deps, entries: Sequence[Entry], flavor: Mapping[str, Any]) -> None:
    local = [e for e in entries if e["source_type"] == "blank" and e["destination_type"] == "local"]
    swap = [e for e in local if e["guest_format"] == "swap"]
    size = sum(e["size_gib"] or 0 for e in local if e["guest_format"] != "swap")
    if len(swap) > 1:
        raise BadBlockDevices(reason="More than one swap drive requested.")
    if size > (flavor.get("ephemeral_gib") or 0):
        raise BadBlockDevices(
            reason="Ephemeral disks requested are larger than the instance type allows."
        )
    if any(
        (e["size_mib"] or (e["size_gib"] or 0) * 1024) > (flavor.get("swap_mib") or 0) for e in swap
    ):
        raise BadBlockDevices(reason="Swap drive requested is larger than instance type allows.")
    most = deps.config.compute.max_volumes_per_server
    if len(entries) > most:
        raise BadBlockDevices(reason=f"more than {most} devices.")
    indexes = [
        e["boot_index"] for e in entries if e["boot_index"] is not None and e["boot_index"] >= 0
    ]
    if sorted(indexes) != list(range(len(indexes))):
        raise BadBlockDevices(
            reason=(
                "Boot sequence for the instance and image/block device mapping combination is "
                "not valid."
            )
        )


def _look_up(
    deps: Deps,
    ctx: Context,
    entries: Sequence[Entry],
    image: Mapping[str, Any] | None,
    multiattach: bool,
) -> dict[str, Any]:
    "Check volumes, snapshots and images that entries name; the record of what is booted."
    record = dict(image) if image else {}
    for entry in entries:
        found: Mapping[str, Any] = {}
        if entry["volume_id"]:
            found = volumes.check_attachable(deps, ctx, entry["volume_id"], multiattach)
            entry["size_gib"] = entry["size_gib"] or found.get("size")
        elif entry["snapshot_id"]:
            found = volumes.snapshot(deps, ctx, entry["snapshot_id"])
            entry["size_gib"] = entry["size_gib"] or found.get("size")
        elif entry["image_id"] and not image:
            kept = images.get(deps, ctx, entry["image_id"])
            if entry["boot_index"] == 0:
                record = {**kept, "id": "" if entry["destination_type"] == "volume" else kept["id"]}
        if entry["boot_index"] == 0 and (entry["volume_id"] or entry["snapshot_id"]):
            record = volumes.image_record(found)
    return record


def _named(entries: list[Entry]) -> list[Entry]:
    taken = {e["device_name"].removeprefix("/dev/") for e in entries if e["device_name"]}
    letters = (f"vd{chr(97 + i)}" for i in range(26))
    for position, entry in enumerate(entries):
        if entry["device_name"]:
            entry["device_name"] = "/dev/" + entry["device_name"].removeprefix("/dev/")
        else:
            name = next(n for n in letters if n not in taken)
            entry["device_name"] = f"/dev/{name}"
        entry["position"] = position
    return entries


def next_name(devices: Sequence[BlockDevice]) -> str:
    "The first free device name for a volume."
    taken = {(d.device_name or "").removeprefix("/dev/") for d in devices}
    for i in range(1, 26):
        if f"vd{chr(97 + i)}" not in taken:
            return f"/dev/vd{chr(97 + i)}"
    raise NoSuchFlavor("No free disk device names are left.")


def volume_backed(devices: Sequence[BlockDevice]) -> bool:
    "Whether the root disk is a volume."
    return any(d.boot_index == 0 and d.destination_type == "volume" for d in devices)
