"Limits, the locks that make them exact, server groups, and console tokens."

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Json, UTCDateTime
from common.ids import new_id
from compute.store.models.base import Base, now


class Quota(Base):
    """A limit that is not the configured one. `scope` is `class`, `project` or `user`; `owner` the
    class name, project id or "project/user"."""

    __tablename__ = "quotas"
    __table_args__ = (UniqueConstraint("scope", "owner", "resource"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(511), index=True)
    resource: Mapped[str] = mapped_column(String(64))
    hard_limit: Mapped[int]


class ProjectLock(Base):
    "A row that creates of one project take turns on, so that no two of them oversell a quota."

    __tablename__ = "project_locks"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)


class ServerGroup(Base):
    "Servers that keep together or apart. Members are the servers that name it."

    __tablename__ = "server_groups"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(255), index=True)
    user_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    policy: Mapped[str] = mapped_column(String(64))
    rules: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ConsoleToken(Base):
    "A one-time right to a console; only the hash of the token is kept."

    __tablename__ = "console_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    server_id: Mapped[str] = mapped_column(String(36), index=True)
    host: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    target: Mapped[dict[str, Any]] = mapped_column(Json)
    access_url_base: Mapped[str] = mapped_column(String(255), default="")
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
