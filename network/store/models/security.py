"Security groups, their rules, the templates for new groups, and address groups."

import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common.db import Json, UTCDateTime, utcnow
from common.ids import new_id
from network.store.models.base import Base, Named, Standard


class SecurityGroup(Named, Base):
    "A set of rules that allow traffic to and from its ports."

    __tablename__ = "security_groups"

    stateful: Mapped[bool] = mapped_column(default=True)

    rules: Mapped[list["SecurityRule"]] = relationship(
        lazy="raise",
        viewonly=True,
        foreign_keys="SecurityRule.security_group_id",
        order_by="SecurityRule.created_at",
    )


class DefaultGroup(Base):
    "Which group is a project's default: one row a project, so that two requests cannot make two."

    __tablename__ = "default_security_groups"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(
        ForeignKey("security_groups.id", ondelete="CASCADE")
    )


class RuleColumns:
    "What a rule says; None is any."

    direction: Mapped[str] = mapped_column(String(16))
    ethertype: Mapped[str] = mapped_column(String(8))
    protocol: Mapped[str | None] = mapped_column(String(40), default=None)
    port_range_min: Mapped[int | None] = mapped_column(default=None)
    port_range_max: Mapped[int | None] = mapped_column(default=None)
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(64), default=None)


class SecurityRule(RuleColumns, Standard, Base):
    "One kind of traffic that a security group allows."

    __tablename__ = "security_group_rules"

    security_group_id: Mapped[str] = mapped_column(
        ForeignKey("security_groups.id", ondelete="CASCADE"), index=True
    )
    remote_group_id: Mapped[str | None] = mapped_column(
        ForeignKey("security_groups.id"), default=None, index=True
    )
    remote_address_group_id: Mapped[str | None] = mapped_column(
        ForeignKey("address_groups.id"), default=None
    )


class DefaultRule(RuleColumns, Base):
    "A rule that new security groups begin with."

    __tablename__ = "default_security_group_rules"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    remote_group_id: Mapped[str | None] = mapped_column(String(36), default=None)
    """A group's id, or PARENT: the group that the rule is copied into."""
    remote_address_group_id: Mapped[str | None] = mapped_column(String(36), default=None)
    used_in_default_sg: Mapped[bool] = mapped_column(default=False)
    used_in_non_default_sg: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str] = mapped_column(String(255), default="")


class AddressGroup(Named, Base):
    "Prefixes that rules may name together."

    __tablename__ = "address_groups"

    addresses: Mapped[list[str]] = mapped_column(Json, default=list)
