"Users, their passwords, groups and memberships."

import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, Described, hex_key, short


class User(Described, Base):
    """A user. `login` is the name of a local user; a federated one has none and cannot log in
    with a password."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("domain_id", "login"),)

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255, index=True)
    login: Mapped[str | None] = mapped_column(String(255))
    domain_id: Mapped[str] = mapped_column(String(64), ForeignKey("project.id"), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    default_project_id: Mapped[str | None] = mapped_column(String(64), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)
    created_at: Mapped[datetime.datetime] = mapped_column(
        common.db.UTCDateTime, default=common.db.utcnow
    )
    last_active_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
    failed_count: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)


class Password(Base):
    "A password that a user has or had; the newest is the one in force."

    __tablename__ = "password"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(
        common.db.UTCDateTime, default=common.db.utcnow
    )
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
    self_service: Mapped[bool] = mapped_column(default=False)
    """Whether the user chose it, not an administrator."""


class Group(Described, Base):
    "A group of users."

    __tablename__ = "group"
    __table_args__ = (UniqueConstraint("domain_id", "name"),)

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255)
    domain_id: Mapped[str] = mapped_column(String(64), ForeignKey("project.id"))


class Membership(Base):
    "A user in a group; one that federation gave ends at `expires_at`."

    __tablename__ = "membership"

    user_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("group.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    idp_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
