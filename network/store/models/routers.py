"Routers, floating IPs and port forwarding."

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common.db import Json
from network.store.models.base import Base, Named, Owned, Standard
from network.store.models.networks import Port


class Router(Named, Base):
    "A logical router. Its interfaces are the ports whose device it is."

    __tablename__ = "routers"

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="ACTIVE")
    gateway_port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id"), default=None)
    enable_snat: Mapped[bool] = mapped_column(default=True)
    routes: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    availability_zone_hints: Mapped[list[str]] = mapped_column(Json, default=list)
    distributed: Mapped[bool] = mapped_column(default=False)
    ha: Mapped[bool] = mapped_column(default=True)
    qos_policy_id: Mapped[str | None] = mapped_column(ForeignKey("qos_policies.id"), default=None)

    gateway_port: Mapped[Port | None] = relationship(
        lazy="raise", viewonly=True, foreign_keys=[gateway_port_id]
    )


class FloatingIp(Standard, Base):
    "An address of an external network that leads to a port behind a router."

    __tablename__ = "floatingips"

    floating_network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"), index=True)
    floating_ip_address: Mapped[str] = mapped_column(String(64), index=True)
    floating_port_id: Mapped[str] = mapped_column(ForeignKey("ports.id"), index=True)
    port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id"), default=None, index=True)
    fixed_ip_address: Mapped[str | None] = mapped_column(String(64), default=None)
    router_id: Mapped[str | None] = mapped_column(
        ForeignKey("routers.id"), default=None, index=True
    )
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    dns_name: Mapped[str] = mapped_column(String(255), default="")
    dns_domain: Mapped[str] = mapped_column(String(255), default="")
    qos_policy_id: Mapped[str | None] = mapped_column(ForeignKey("qos_policies.id"), default=None)

    port: Mapped[Port | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[port_id])
    forwardings: Mapped[list["PortForwarding"]] = relationship(lazy="raise", viewonly=True)


class PortForwarding(Owned, Base):
    """One (protocol, port range) of a floating IP that leads to a port of its own. `slot` keeps
    them apart."""

    __tablename__ = "port_forwardings"
    __table_args__ = (UniqueConstraint("floatingip_id", "protocol", "external_port"),)

    floatingip_id: Mapped[str] = mapped_column(
        ForeignKey("floatingips.id", ondelete="CASCADE"), index=True
    )
    internal_port_id: Mapped[str] = mapped_column(ForeignKey("ports.id"), index=True)
    internal_ip_address: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(16))
    external_port: Mapped[int]
    external_port_end: Mapped[int]
    internal_port: Mapped[int]
    internal_port_end: Mapped[int]
    router_id: Mapped[str] = mapped_column(String(36), index=True)
    description: Mapped[str] = mapped_column(String(255), default="")
