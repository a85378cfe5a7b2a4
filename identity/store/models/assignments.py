"Roles and who has them where."

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, Described, hex_key, short


class Role(Described, Base):
    "A role; `domain_id` is the empty string for a global one."

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("domain_id", "name"),)

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255)
    domain_id: Mapped[str] = short(default="")
    options: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)


class ImpliedRole(Base):
    "Who has role `prior_id` has role `implied_id` too."

    __tablename__ = "implied_role"

    prior_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.id", ondelete="CASCADE"), primary_key=True
    )
    implied_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Assignment(Base):
    """A role for an actor (kind "user" or "group") on a target (kind "project", "domain" or
    "system", whose id is "all").

    An inherited one holds on the projects below the target, not on the target.
    """

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_target", "target_id", "target_kind"),)

    actor_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor_kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    target_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    target_kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    role_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    inherited: Mapped[bool] = mapped_column(primary_key=True, default=False)
