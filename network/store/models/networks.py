"Networks and what lies in them: segments, subnets and their pools, ports and their addresses."

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common.db import Json
from network.store.models.base import Base, Named


class Network(Named, Base):
    "A layer 2 network: one logical switch."

    __tablename__ = "networks"

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    mtu: Mapped[int] = mapped_column(default=1442)
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    external: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    vlan_transparent: Mapped[bool | None] = mapped_column(default=None)
    dns_domain: Mapped[str] = mapped_column(String(255), default="")
    availability_zone_hints: Mapped[list[str]] = mapped_column(Json, default=list)
    qos_policy_id: Mapped[str | None] = mapped_column(ForeignKey("qos_policies.id"), default=None)

    subnets: Mapped[list["Subnet"]] = relationship(
        lazy="raise", viewonly=True, order_by="Subnet.created_at"
    )
    segments: Mapped[list["Segment"]] = relationship(
        lazy="raise", viewonly=True, order_by="Segment.created_at"
    )


class Segment(Named, Base):
    """What carries a network: geneve, vlan or flat. `slot` makes (type, physical network, id)
    unique."""

    __tablename__ = "segments"

    network_id: Mapped[str] = mapped_column(
        ForeignKey("networks.id", ondelete="CASCADE"), index=True
    )
    network_type: Mapped[str] = mapped_column(String(32))
    physical_network: Mapped[str | None] = mapped_column(String(64), default=None)
    segmentation_id: Mapped[int | None] = mapped_column(default=None)
    slot: Mapped[str] = mapped_column(String(128), unique=True)


class AddressScope(Named, Base):
    "Subnet pools whose addresses do not overlap, so that routing between them needs no NAT."

    __tablename__ = "address_scopes"

    ip_version: Mapped[int]


class SubnetPool(Named, Base):
    "Prefixes from which subnets may take theirs."

    __tablename__ = "subnetpools"

    ip_version: Mapped[int]
    prefixes: Mapped[list[str]] = mapped_column(Json)
    default_prefixlen: Mapped[int]
    min_prefixlen: Mapped[int]
    max_prefixlen: Mapped[int]
    default_quota: Mapped[int | None] = mapped_column(default=None)
    is_default: Mapped[bool] = mapped_column(default=False)
    address_scope_id: Mapped[str | None] = mapped_column(
        ForeignKey("address_scopes.id"), default=None
    )


class Subnet(Named, Base):
    "A range of addresses in a network, with what DHCP says about it."

    __tablename__ = "subnets"

    network_id: Mapped[str] = mapped_column(
        ForeignKey("networks.id", ondelete="CASCADE"), index=True
    )
    ip_version: Mapped[int]
    cidr: Mapped[str] = mapped_column(String(64), index=True)
    gateway_ip: Mapped[str | None] = mapped_column(String(64), default=None)
    enable_dhcp: Mapped[bool] = mapped_column(default=True)
    ipv6_ra_mode: Mapped[str | None] = mapped_column(String(32), default=None)
    ipv6_address_mode: Mapped[str | None] = mapped_column(String(32), default=None)
    dns_nameservers: Mapped[list[str]] = mapped_column(Json, default=list)
    host_routes: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    allocation_pools: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    service_types: Mapped[list[str]] = mapped_column(Json, default=list)
    subnetpool_id: Mapped[str | None] = mapped_column(
        ForeignKey("subnetpools.id"), default=None, index=True
    )
    segment_id: Mapped[str | None] = mapped_column(ForeignKey("segments.id"), default=None)
    dns_publish_fixed_ip: Mapped[bool] = mapped_column(default=False)

    network: Mapped[Network] = relationship(lazy="raise", viewonly=True)


class Port(Named, Base):
    "A place where something is plugged into a network."

    __tablename__ = "ports"
    __table_args__ = (
        UniqueConstraint("network_id", "mac_address"),
        Index("ix_ports_device", "device_id", "device_owner"),
    )

    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"), index=True)
    mac_address: Mapped[str] = mapped_column(String(32))
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    device_id: Mapped[str] = mapped_column(String(255), default="")
    device_owner: Mapped[str] = mapped_column(String(255), default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    dns_name: Mapped[str] = mapped_column(String(255), default="")
    dns_domain: Mapped[str] = mapped_column(String(255), default="")
    host_id: Mapped[str] = mapped_column(String(255), default="", index=True)
    vnic_type: Mapped[str] = mapped_column(String(64), default="normal")
    profile: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_address_pairs: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    extra_dhcp_opts: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    qos_policy_id: Mapped[str | None] = mapped_column(ForeignKey("qos_policies.id"), default=None)
    propagate_uplink_status: Mapped[bool] = mapped_column(default=True)
    numa_affinity_policy: Mapped[str | None] = mapped_column(String(32), default=None)
    hints: Mapped[dict[str, Any] | None] = mapped_column(Json, default=None)

    network: Mapped[Network] = relationship(lazy="raise", viewonly=True)
    allocations: Mapped[list["Allocation"]] = relationship(
        lazy="raise",
        passive_deletes=True,
        cascade="all, delete-orphan",
        order_by="Allocation.position",
    )
    groups: Mapped[list["PortGroup"]] = relationship(
        lazy="raise",
        passive_deletes=True,
        cascade="all, delete-orphan",
        order_by="PortGroup.security_group_id",
    )


class Allocation(Base):
    "An address that a port has."

    __tablename__ = "ip_allocations"

    network_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ip_address: Mapped[str] = mapped_column(String(64), primary_key=True)
    subnet_id: Mapped[str] = mapped_column(ForeignKey("subnets.id"), index=True)
    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class PortGroup(Base):
    "A security group of a port."

    __tablename__ = "port_security_groups"

    port_id: Mapped[str] = mapped_column(
        ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True
    )
    security_group_id: Mapped[str] = mapped_column(
        ForeignKey("security_groups.id"), primary_key=True, index=True
    )
