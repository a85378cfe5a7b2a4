"Work: the jobs that the conductor drives, the action records that users read, and migrations."

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Json, UTCDateTime
from common.ids import new_id
from compute.store.models.base import Base, now


class Job(Base):
    """Accepted work on a server, until it is done. A job is `ready` (a conductor must take the
    next step), `waiting` (for the agent of `host`), or over: `done`, `failed`, `cancelled`."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_open", "state", "updated_at"),
        Index("ix_jobs_server", "server_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    server_id: Mapped[str] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="ready")
    step: Mapped[str] = mapped_column(String(32), default="start")
    host: Mapped[str | None] = mapped_column(String(255))
    args: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What the job was asked and what it noted on the way (tried hosts, made ports)."""
    context: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Who asked: user, project, request id."""
    action_id: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Action(Base):
    "What somebody did to a server: the record of os-instance-actions."

    __tablename__ = "actions"
    __table_args__ = (Index("ix_actions_server", "server_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[str] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[str | None] = mapped_column(String(255))
    message: Mapped[str | None] = mapped_column(Text)
    start_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ActionEvent(Base):
    "A step of an action, where it ran and how it ended."

    __tablename__ = "action_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(64))
    host: Mapped[str | None] = mapped_column(String(255))
    result: Mapped[str | None] = mapped_column(String(16))
    details: Mapped[str | None] = mapped_column(Text)
    traceback: Mapped[str | None] = mapped_column(Text)
    start_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finish_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Migration(Base):
    "A move of a server: resize, migration, live-migration or evacuation."

    __tablename__ = "migrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), default=new_id, unique=True)
    server_id: Mapped[str] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(32), default="queued", index=True)
    source_host: Mapped[str | None] = mapped_column(String(255))
    source_node: Mapped[str | None] = mapped_column(String(255))
    dest_host: Mapped[str | None] = mapped_column(String(255))
    dest_node: Mapped[str | None] = mapped_column(String(255))
    dest_ip: Mapped[str | None] = mapped_column(String(64))
    old_flavor_id: Mapped[int | None]
    new_flavor_id: Mapped[int | None]
    project_id: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[str | None] = mapped_column(String(255))
    totals: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """memory_total, memory_processed, memory_remaining, disk_... in bytes."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
