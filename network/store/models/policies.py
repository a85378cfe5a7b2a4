"Sharing, quotas, quality of service, trunks, metering: what is said about the others."

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common.db import Json
from common.ids import new_id
from network.store.models.base import Base, Named, Owned
from network.store.models.networks import Port


class Rbac(Owned, Base):
    "An object that a project (or all: `*`) may use although another owns it."

    __tablename__ = "rbac_policies"
    __table_args__ = (UniqueConstraint("object_id", "action", "target_tenant"),)

    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(36), index=True)
    action: Mapped[str] = mapped_column(String(32))
    target_tenant: Mapped[str] = mapped_column(String(255), index=True)


class Quota(Base):
    "How many of a resource a project may have, where it differs from the default; -1 is no limit."

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    resource: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int]


class QuotaLock(Base):
    "A project's turn to count and add: see `store.quotas.take_turn`."

    __tablename__ = "quota_locks"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)


class QosPolicy(Named, Base):
    "A named set of quality of service rules."

    __tablename__ = "qos_policies"

    is_default: Mapped[bool] = mapped_column(default=False)

    rules: Mapped[list["QosRule"]] = relationship(
        lazy="raise", viewonly=True, order_by="QosRule.position"
    )


class QosRule(Base):
    "One rule of a policy; `params` holds what its type has (max_kbps, dscp_mark, min_kbps, ...)."

    __tablename__ = "qos_rules"
    __table_args__ = (UniqueConstraint("policy_id", "kind", "direction"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    policy_id: Mapped[str] = mapped_column(
        ForeignKey("qos_policies.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    direction: Mapped[str] = mapped_column(String(16), default="egress")
    params: Mapped[dict[str, int]] = mapped_column(Json)
    position: Mapped[int] = mapped_column(default=0)


class Trunk(Named, Base):
    "A port that carries others, told apart by a VLAN tag."

    __tablename__ = "trunks"

    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id"), unique=True)
    admin_state_up: Mapped[bool] = mapped_column(default=True)

    port: Mapped[Port] = relationship(lazy="raise", viewonly=True)
    subports: Mapped[list["Subport"]] = relationship(
        lazy="raise", viewonly=True, order_by="Subport.segmentation_id"
    )


class Subport(Base):
    "A port inside a trunk."

    __tablename__ = "subports"
    __table_args__ = (UniqueConstraint("trunk_id", "segmentation_type", "segmentation_id"),)

    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id"), primary_key=True)
    trunk_id: Mapped[str] = mapped_column(ForeignKey("trunks.id", ondelete="CASCADE"), index=True)
    segmentation_type: Mapped[str] = mapped_column(String(16))
    segmentation_id: Mapped[int]


class MeteringLabel(Owned, Base):
    "A name under which traffic is counted."

    __tablename__ = "metering_labels"

    name: Mapped[str] = mapped_column(String(255), default="")
    description: Mapped[str] = mapped_column(String(255), default="")
    shared: Mapped[bool] = mapped_column(default=False)


class MeteringRule(Base):
    "Which traffic a metering label counts."

    __tablename__ = "metering_label_rules"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    metering_label_id: Mapped[str] = mapped_column(
        ForeignKey("metering_labels.id", ondelete="CASCADE"), index=True
    )
    direction: Mapped[str] = mapped_column(String(16))
    excluded: Mapped[bool] = mapped_column(default=False)
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(64), default=None)
    source_ip_prefix: Mapped[str | None] = mapped_column(String(64), default=None)
    destination_ip_prefix: Mapped[str | None] = mapped_column(String(64), default=None)


class AutoTopology(Base):
    "The network that was made for a project that asked for any."

    __tablename__ = "auto_allocated_topologies"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id", ondelete="CASCADE"))
    router_id: Mapped[str | None] = mapped_column(
        ForeignKey("routers.id", ondelete="SET NULL"), default=None
    )
