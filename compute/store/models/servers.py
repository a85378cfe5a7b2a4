"Servers, their tags and block devices."

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Json, UTCDateTime
from common.ids import new_id
from compute.store.models.base import Base, now


class Server(Base):
    """A virtual machine. Nova's three states: `vm_state` is where it stands, `task_state` what is
    being done to it, `power_state` what the hypervisor last said."""

    __tablename__ = "servers"
    __table_args__ = (
        Index("ix_servers_project_list", "project_id", "deleted", "created_at", "id"),
        Index("ix_servers_list", "deleted", "created_at", "id"),
        Index("ix_servers_host", "host", "deleted"),
        Index("ix_servers_purge", "deleted_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    hostname: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(255))

    vm_state: Mapped[str] = mapped_column(String(32), default="building")
    task_state: Mapped[str | None] = mapped_column(String(32))
    power_state: Mapped[int] = mapped_column(default=0)
    power_wanted: Mapped[str] = mapped_column(String(16), default="on")
    old_vm_state: Mapped[str | None] = mapped_column(String(32))
    """The state to come back to: before a rescue, a resize, a shelve, a soft delete."""
    progress: Mapped[int] = mapped_column(default=0)
    fault: Mapped[dict[str, Any] | None] = mapped_column(Json)
    locked_by: Mapped[str | None] = mapped_column(String(16))
    locked_reason: Mapped[str | None] = mapped_column(String(255))
    generation: Mapped[int] = mapped_column(default=0)

    host: Mapped[str | None] = mapped_column(String(255))
    node: Mapped[str | None] = mapped_column(String(255))
    availability_zone: Mapped[str | None] = mapped_column(String(255))
    pinned_zone: Mapped[str | None] = mapped_column(String(255))

    flavor: Mapped[dict[str, Any]] = mapped_column(Json)
    flavor_id: Mapped[str] = mapped_column(String(255), index=True)
    vcpus: Mapped[int]
    memory_mib: Mapped[int]
    root_gib: Mapped[int]
    ephemeral_gib: Mapped[int] = mapped_column(default=0)
    old_flavor: Mapped[dict[str, Any] | None] = mapped_column(Json)
    image_id: Mapped[str | None] = mapped_column(String(64), index=True)
    image: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What is kept of the image: min_disk, disk_format, checksum, size, properties."""

    key_name: Mapped[str | None] = mapped_column(String(255))
    key: Mapped[dict[str, Any] | None] = mapped_column(Json)
    user_data: Mapped[str | None] = mapped_column(Text)
    config_drive: Mapped[bool] = mapped_column(default=False)
    personality: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    meta: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    hints: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    access_ipv4: Mapped[str | None] = mapped_column(String(39))
    access_ipv6: Mapped[str | None] = mapped_column(String(39))
    disk_config: Mapped[str] = mapped_column(String(8), default="MANUAL")
    root_device_name: Mapped[str | None] = mapped_column(String(64), default="/dev/vda")
    reservation_id: Mapped[str] = mapped_column(String(32))
    launch_index: Mapped[int] = mapped_column(default=0)
    group_id: Mapped[str | None] = mapped_column(String(36), index=True)
    request: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What the build still needs and nothing later does: wanted networks, forced host, password."""
    nics: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """Ports with addresses, as the network service last told."""
    ips: Mapped[str] = mapped_column(Text, default="")
    """The addresses of `nics`, one a line, for the filters by address."""
    security_groups: Mapped[list[str]] = mapped_column(Json, default=list)
    password: Mapped[str | None] = mapped_column(Text)
    """The administrator's password, encrypted by the guest with the key of the server."""
    shelved_image_id: Mapped[str | None] = mapped_column(String(64))
    shelved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)
    launched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    terminated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted: Mapped[bool] = mapped_column(default=False)
    purged: Mapped[bool] = mapped_column(default=False)


class ServerTag(Base):
    "A tag of a server."

    __tablename__ = "server_tags"

    server_id: Mapped[str] = mapped_column(
        ForeignKey("servers.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)


class BlockDevice(Base):
    "A disk of a server: the image's root, local blank, ephemeral and swap disks, and volumes."

    __tablename__ = "block_devices"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    server_id: Mapped[str] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    source_type: Mapped[str] = mapped_column(String(16))
    destination_type: Mapped[str] = mapped_column(String(16))
    boot_index: Mapped[int | None]
    size_gib: Mapped[int | None]
    size_mib: Mapped[int | None]
    """Only a swap disk: its flavor counts in MiB."""
    image_id: Mapped[str | None] = mapped_column(String(64))
    snapshot_id: Mapped[str | None] = mapped_column(String(64))
    volume_id: Mapped[str | None] = mapped_column(String(64), index=True)
    volume_type: Mapped[str | None] = mapped_column(String(255))
    attachment_id: Mapped[str | None] = mapped_column(String(64))
    connection: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    guest_format: Mapped[str | None] = mapped_column(String(255))
    device_type: Mapped[str | None] = mapped_column(String(255))
    disk_bus: Mapped[str | None] = mapped_column(String(255))
    device_name: Mapped[str | None] = mapped_column(String(255))
    delete_on_termination: Mapped[bool] = mapped_column(default=False)
    tag: Mapped[str | None] = mapped_column(String(255))
    attached: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
