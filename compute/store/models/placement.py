"""The accounting of resources: what providers have, what consumers hold.

`Inventory.used` is kept in the same transaction as the allocations, by a conditional UPDATE: the
row itself refuses to be oversold, on every database, whoever claims at the same time.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from common.db import UTCDateTime
from compute.store.models.base import Base, now


class Provider(Base):
    "A resource provider: a compute node, a NUMA cell, or whatever a client of placement makes."

    __tablename__ = "providers"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    generation: Mapped[int] = mapped_column(default=0)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("providers.id"))
    root_id: Mapped[int | None] = mapped_column(ForeignKey("providers.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Inventory(Base):
    "How much of a resource class a provider has, and how much of it is held."

    __tablename__ = "inventories"

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("providers.id", ondelete="CASCADE"), primary_key=True
    )
    resource_class: Mapped[str] = mapped_column(String(255), primary_key=True)
    total: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)
    min_unit: Mapped[int] = mapped_column(default=1)
    max_unit: Mapped[int] = mapped_column(default=2147483647)
    step_size: Mapped[int] = mapped_column(default=1)
    allocation_ratio: Mapped[float] = mapped_column(default=1.0)
    used: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @property
    def capacity(self) -> int:
        "Most that may be held: (total - reserved) times the allocation ratio."
        return int((self.total - self.reserved) * self.allocation_ratio)


class Consumer(Base):
    "Who holds something: a server, or a migration."

    __tablename__ = "consumers"
    __table_args__ = (Index("ix_consumers_project_user", "project_id", "user_id"),)

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    generation: Mapped[int] = mapped_column(default=0)
    consumer_type: Mapped[str | None] = mapped_column(String(255))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Allocation(Base):
    "An amount of a resource class of a provider that a consumer holds."

    __tablename__ = "allocations"

    consumer_uuid: Mapped[str] = mapped_column(
        ForeignKey("consumers.uuid", ondelete="CASCADE"), primary_key=True
    )
    provider_id: Mapped[int] = mapped_column(
        ForeignKey("providers.id"), primary_key=True, index=True
    )
    resource_class: Mapped[str] = mapped_column(String(255), primary_key=True)
    amount: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Trait(Base):
    "A custom trait; the standard ones come from os-traits."

    __tablename__ = "traits"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ResourceClass(Base):
    "A custom resource class; the standard ones come from os-resource-classes."

    __tablename__ = "resource_classes"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ProviderTrait(Base):
    "A trait that a provider has."

    __tablename__ = "provider_traits"

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("providers.id", ondelete="CASCADE"), primary_key=True
    )
    trait: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)


class ProviderAggregate(Base):
    "Membership of a provider in a placement aggregate."

    __tablename__ = "provider_aggregates"

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("providers.id", ondelete="CASCADE"), primary_key=True
    )
    aggregate_uuid: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
