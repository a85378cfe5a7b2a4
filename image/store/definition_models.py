"""Metadata definitions: namespaces of properties, objects and tags that a dashboard can offer for a
resource type."""

from __future__ import annotations

import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Json, UTCDateTime, utcnow
from image.store.base import OWNER, Base

NAME = String(80)


class Namespace(Base):
    "A named set of definitions."

    __tablename__ = "metadef_namespaces"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    namespace: Mapped[str] = mapped_column(NAME, unique=True)
    display_name: Mapped[str | None] = mapped_column(NAME)
    description: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(String(10), default="private")
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    owner: Mapped[str | None] = mapped_column(OWNER)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class Definition(Base):
    """One object, property or tag (`kind`) of a namespace. `body` is what the API shows of it
    besides its name; a property's name is in `name` and its JSON Schema in `body`."""

    __tablename__ = "metadef_definitions"
    __table_args__ = (UniqueConstraint("namespace_id", "kind", "name"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    namespace_id: Mapped[int] = mapped_column(
        ForeignKey("metadef_namespaces.id", ondelete="CASCADE")
    )
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(NAME)
    body: Mapped[dict] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class ResourceType(Base):
    "A type of resource that definitions may be about, as orchestration names it: OS::Nova::Server."

    __tablename__ = "metadef_resource_types"

    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)


class Association(Base):
    """That a namespace's definitions are meant for a resource type, with a prefix to put before
    property names."""

    __tablename__ = "metadef_associations"

    namespace_id: Mapped[int] = mapped_column(
        ForeignKey("metadef_namespaces.id", ondelete="CASCADE"), primary_key=True
    )
    resource_type: Mapped[str] = mapped_column(
        NAME, ForeignKey("metadef_resource_types.name", ondelete="RESTRICT"), primary_key=True
    )
    prefix: Mapped[str | None] = mapped_column(NAME)
    properties_target: Mapped[str | None] = mapped_column(NAME)
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
