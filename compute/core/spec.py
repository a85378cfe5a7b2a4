"From a server in the database to the `ServerSpec` that an agent runs it from."

from collections.abc import Sequence
from typing import Any

from compute.contracts.specs import Disk, ImageSource, Nic, ServerSpec
from compute.core import Deps, images, metadata
from compute.store.models import BlockDevice, Server


def server_spec(
    deps: Deps,
    server: Server,
    devices: Sequence[BlockDevice],
    *,
    with_images: bool = False,
    request_id: str = "",
    password: str | None = None,
    power: str | None = None,
) -> ServerSpec:
    """The whole server. `with_images` adds where to fetch the image from (an order that may have
    to)."""
    flavor = server.flavor
    files = {}
    if server.config_drive:
        files = metadata.files(deps, server, devices, password=password)
    return ServerSpec(
        id=server.id,
        name=server.name,
        project_id=server.project_id,
        user_id=server.user_id,
        vcpus=flavor["vcpus"],
        memory_mib=flavor["memory_mib"],
        hostname=server.hostname,
        generation=server.generation,
        power=power or server.power_wanted,
        disks=[disk(deps, server, d, with_images) for d in devices],
        nics=[nic(n) for n in server.nics],
        extra_specs=dict(flavor.get("extra_specs") or {}),
        image_properties=dict((server.image or {}).get("properties") or {}),
        flavor_name=flavor["name"],
        config_drive=server.config_drive,
        metadata_files=files,
        admin_password=password,
        request_id=request_id,
    )


def disk(deps: Deps, server: Server, device: BlockDevice, with_image: bool = False) -> Disk:
    "One block device."
    kind = kind_of(device)
    size = device.size_mib or (device.size_gib or 0) * 1024
    image = None
    if kind == "root" and server.image.get("id"):
        image = images.source(deps, server.image) if with_image else images_stub(server.image)
    return Disk(
        kind=kind,
        size_mib=0 if device.volume_id else size,
        image=image,
        boot_index=device.boot_index,
        bus=device.disk_bus,
        device_type=device.device_type or "disk",
        device_name=device.device_name,
        guest_format=device.guest_format,
        volume_id=device.volume_id,
        attachment_id=device.attachment_id,
        connection=dict(device.connection or {}),
        tag=device.tag,
        read_only=bool((device.connection or {}).get("data", {}).get("access_mode") == "ro"),
    )


def images_stub(image: dict[str, Any]) -> ImageSource:
    "The image by name only: enough to find it in the cache."
    return ImageSource(
        id=image["id"],
        url="",
        size_bytes=int(image.get("size") or 0),
        hash_algo=image.get("os_hash_algo") or "",
        hash_value=image.get("os_hash_value") or "",
        disk_format=image.get("disk_format") or "raw",
        properties=dict(image.get("properties") or {}),
    )


def kind_of(device: BlockDevice) -> str:
    "The kind of disk in the words of the contract."
    if device.volume_id or device.destination_type == "volume":
        return "volume"
    if device.source_type == "image":
        return "root"
    if device.guest_format == "swap":
        return "swap"
    return "ephemeral"


def nic(one: dict[str, Any]) -> Nic:
    "One network interface."
    return Nic(
        port_id=one["port_id"],
        network_id=one["network_id"],
        mac_address=one["mac"],
        mtu=int(one["mtu"]),
        vif_type=one["vif_type"],
        vnic_type=one["vnic_type"],
        fixed_ips=list(one["fixed_ips"]),
        bridge=str(one["details"].get("bridge_name") or "br-int"),
        tag=one.get("tag"),
        details=dict(one["details"]),
    )
