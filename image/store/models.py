"""The entities: images, what belongs to them, and the journal of data being moved.

`Blob` is that journal: before the first byte is written to a store its row says `writing`, before
the first byte is removed it says `deleting`, so that after any crash it is known what to finish or
undo.
"""

from __future__ import annotations

import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common.db import Json, UTCDateTime, utcnow
from common.ids import new_id
from image.store import definition_models  # noqa: F401 its tables are part of the metadata
from image.store.base import ID, OWNER, Base


class Image(Base):
    """An image. `status` is Glance's, and `pending_delete` for one that is gone but whose data is
    still being removed. `revision` grows with every change, so that what was rendered from the row
    can be kept."""

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_listing", "os_hidden", "created_at", "id"),
        Index("ix_images_owner_listing", "owner", "created_at", "id"),
        Index("ix_images_visibility_listing", "visibility", "created_at", "id"),
        Index("ix_images_name", "name"),
        Index("ix_images_status", "status"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    name: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(30), default="queued")
    visibility: Mapped[str] = mapped_column(String(20), default="shared")
    owner: Mapped[str | None] = mapped_column(OWNER)
    disk_format: Mapped[str | None] = mapped_column(String(20))
    container_format: Mapped[str | None] = mapped_column(String(20))
    size: Mapped[int | None] = mapped_column(BigInteger)
    virtual_size: Mapped[int | None] = mapped_column(BigInteger)
    checksum: Mapped[str | None] = mapped_column(String(32))
    os_hash_algo: Mapped[str | None] = mapped_column(String(64))
    os_hash_value: Mapped[str | None] = mapped_column(String(128))
    min_disk: Mapped[int] = mapped_column(Integer, default=0)
    min_ram: Mapped[int] = mapped_column(Integer, default=0)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    os_hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    revision: Mapped[int] = mapped_column(Integer, default=1)

    properties: Mapped[list[Property]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True
    )
    tags: Mapped[list[Tag]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True
    )
    blobs: Mapped[list[Blob]] = relationship(lazy="raise", viewonly=True)


class Property(Base):
    "A custom property of an image; names beginning with os_glance_ are the service's own."

    __tablename__ = "image_properties"
    __table_args__ = (Index("ix_image_properties_name", "name"),)

    image_id: Mapped[str] = mapped_column(
        ID, ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)


class Tag(Base):
    "A tag of an image."

    __tablename__ = "image_tags"
    __table_args__ = (Index("ix_image_tags_value", "value"),)

    image_id: Mapped[str] = mapped_column(
        ID, ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    value: Mapped[str] = mapped_column(String(255), primary_key=True)


class Member(Base):
    "A project with which an image is shared; `status` is pending, accepted or rejected."

    __tablename__ = "image_members"
    __table_args__ = (Index("ix_image_members_member", "member", "status"),)

    image_id: Mapped[str] = mapped_column(
        ID, ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    member: Mapped[str] = mapped_column(OWNER, primary_key=True)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class Blob(Base):
    """One copy of an image's data in one store. `state`: writing, ready or deleting. While it is
    written, `size` is what has been reserved of the quota and `worker_id` who writes. An image's
    row stays until its last blob has gone."""

    __tablename__ = "blobs"
    __table_args__ = (
        Index("ix_blobs_image_id", "image_id"),
        Index("ix_blobs_state", "state"),
        Index("ix_blobs_owner", "owner"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    image_id: Mapped[str] = mapped_column(ID, ForeignKey("images.id", ondelete="RESTRICT"))
    store: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), default="writing")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    owner: Mapped[str | None] = mapped_column(OWNER)
    worker_id: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class Worker(Base):
    "A running process of this service; what it was doing is finished or undone once it is dead."

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    heartbeat_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class Task(Base):
    "Work that outlives its request: an import. `status`: pending, processing, success or failure."

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_image_id", "image_id"),
        Index("ix_tasks_status", "status"),
        Index("ix_tasks_listing", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    type: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(20), default="pending")
    owner: Mapped[str | None] = mapped_column(OWNER)
    user_id: Mapped[str | None] = mapped_column(OWNER)
    request_id: Mapped[str | None] = mapped_column(String(64))
    image_id: Mapped[str | None] = mapped_column(ID)
    input: Mapped[dict | None] = mapped_column(Json)
    result: Mapped[dict | None] = mapped_column(Json)
    message: Mapped[str] = mapped_column(Text, default="")
    worker_id: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(UTCDateTime)


class CachedImage(Base):
    "An image in (or queued for) the local cache of one machine."

    __tablename__ = "cached_images"

    image_id: Mapped[str] = mapped_column(ID, primary_key=True)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    hits: Mapped[int] = mapped_column(Integer, default=0)
    accessed_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    modified_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class QuotaLock(Base):
    "A row to lock while a project's use is compared with its limit."

    __tablename__ = "quota_locks"

    owner: Mapped[str] = mapped_column(OWNER, primary_key=True)
