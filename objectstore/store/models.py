"""The tables. Times are whole numbers of 10 microseconds since 1970, the resolution of Swift's
X-Timestamp."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    VARBINARY,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from common import db


class Base(db.Base):
    "Parent of this service's tables."

    __abstract__ = True
    metadata = MetaData(naming_convention=db.NAMING)


class Name(TypeDecorator[str]):
    """A name that sorts and compares by its UTF-8 bytes on every database, as listings must.
    MariaDB keeps the bytes
    themselves: its text columns ignore trailing spaces, and 1,024 characters are too long for an
    index there."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.bytes = length

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(VARBINARY(self.bytes))
        return dialect.type_descriptor(
            String(self.bytes, collation="C" if dialect.name == "postgresql" else None)
        )

    def process_bind_param(self, value: str | None, dialect: Any) -> Any:
        return (
            value.encode() if value is not None and dialect.name in ("mysql", "mariadb") else value
        )

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        return value.decode() if isinstance(value, bytes | bytearray) else value

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        # where texts arrive as texts there is nothing to do for each of a listing's ten thousand
        if dialect.name not in ("mysql", "mariadb"):
            return None
        return super().result_processor(dialect, coltype)


BigId = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(Text(db.LONGTEXT_BYTES), "mysql", "mariadb")


class Account(Base):
    "An account, AUTH_<project id>. Made when its owner first writes to it."

    __tablename__ = "accounts"
    name: Mapped[str] = mapped_column(Name(256), primary_key=True)
    created: Mapped[int] = mapped_column(BigInteger)
    meta: Mapped[dict[str, str]] = mapped_column(db.Json, default=dict)
    """User metadata: lower-case name after X-Account-Meta- to value; Temp-URL keys and quotas are
    here too."""
    sysmeta: Mapped[dict[str, Any]] = mapped_column(db.Json, default=dict)
    """What clients set by other headers: the account's ACL, quotas by count and policy."""


class Container(Base):
    "A container with its exact totals."

    __tablename__ = "containers"
    __table_args__ = (Index("ix_containers_account_name", "account", "name", unique=True),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(Name(256))
    name: Mapped[str] = mapped_column(Name(256))
    created: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    """When an object or the metadata last changed: Last-Modified."""
    policy: Mapped[int] = mapped_column(Integer, default=0)
    objects: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    version_objects: Mapped[int] = mapped_column(BigInteger, default=0)
    version_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    meta: Mapped[dict[str, str]] = mapped_column(db.Json, default=dict)
    sysmeta: Mapped[dict[str, Any]] = mapped_column(db.Json, default=dict)
    """read, write (ACLs), versioning, versions_location, versions_mode, sync_to, sync_key."""


class ObjectColumns:
    "What a current object and an older version of one have alike."

    version_id: Mapped[str] = mapped_column(String(64), default="")
    """Empty for an object written while versioning was off: the API calls it "null"."""
    ts: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes a GET returns: for a static large object those of all its segments."""
    stored: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes counted against the container."""
    etag: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(8), default="")
    """"" data, "slo" a manifest, "multi" made of parts, "link" a symlink, "marker" a delete
    marker."""
    meta: Mapped[dict[str, str]] = mapped_column(db.Json, default=dict)
    """Whole headers as they go back to the client, lower-case names."""
    sysmeta: Mapped[dict[str, Any]] = mapped_column(db.Json, default=dict)
    delete_at: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """Unix seconds."""
    blob_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("blobs.id"), nullable=True)


class Object(ObjectColumns, Base):
    "The current object of a name: what listings show."

    __tablename__ = "objects"
    __table_args__ = (Index("ix_objects_delete_at", "delete_at"),)
    container_id: Mapped[int] = mapped_column(BigId, ForeignKey("containers.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Name(1024), primary_key=True)


class Version(ObjectColumns, Base):
    """An object that a newer one, or a delete marker, has replaced in a versioned container; or a
    marker itself."""

    __tablename__ = "versions"
    container_id: Mapped[int] = mapped_column(BigId, ForeignKey("containers.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Name(1024), primary_key=True)
    version_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    latest: Mapped[bool] = mapped_column(Boolean, default=False)
    """A delete marker that is the newest of its name."""


class Blob(Base):
    "Bytes in an engine, shared by all objects that are copies of one another."

    __tablename__ = "blobs"
    __table_args__ = (Index("ix_blobs_dead_at", "dead_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    locator: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    policy: Mapped[int] = mapped_column(Integer)
    key: Mapped[str | None] = mapped_column(Text, nullable=True)
    """The wrapped data key when the bytes are encrypted."""
    refs: Mapped[int] = mapped_column(Integer, default=1)
    dead_at: Mapped[int | None] = mapped_column(BigInteger, nullable=True)


class Upload(Base):
    "A multipart upload that nobody has completed or aborted yet."

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_container_id", "container_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    container_id: Mapped[int] = mapped_column(BigId, ForeignKey("containers.id"))
    name: Mapped[str] = mapped_column(Name(1024))
    created: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(Text)
    meta: Mapped[dict[str, str]] = mapped_column(db.Json, default=dict)
    sysmeta: Mapped[dict[str, Any]] = mapped_column(db.Json, default=dict)
    """What the object will have."""


class Part(Base):
    """A part of a multipart upload, and then of the object that it became: that object has no blob
    of its own, and the upload's id in its sysmeta ("parts")."""

    __tablename__ = "parts"
    owner: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(String(64))
    checksum: Mapped[str | None] = mapped_column(String(100), nullable=True)
    """Base64, by the algorithm of the upload."""
    ts: Mapped[int] = mapped_column(BigInteger)
    blob_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("blobs.id"), nullable=True)


class Damage(Base):
    "Blobs that somebody saw with a bad or missing copy; the keeper heals these first."

    __tablename__ = "damages"
    blob_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seen: Mapped[int] = mapped_column(BigInteger)


class Cursor(Base):
    "Where a long pass of the keeper stands."

    __tablename__ = "cursors"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Change(Base):
    "What container synchronisation has still to send."

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_container_id", "container_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    container_id: Mapped[int] = mapped_column(BigId)
    name: Mapped[str] = mapped_column(Name(1024))
    ts: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)


__all__ = [
    "Account",
    "Base",
    "Blob",
    "Change",
    "Container",
    "Cursor",
    "Damage",
    "Object",
    "Part",
    "Upload",
    "Version",
]
