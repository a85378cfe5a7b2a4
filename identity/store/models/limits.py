"Unified limits and the configuration of domains."

from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, hex_key, short


class RegisteredLimit(Base):
    "The default limit of a resource of a service, in a region ('' is none)."

    __tablename__ = "registered_limit"
    __table_args__ = (UniqueConstraint("service_id", "region_id", "resource_name"),)

    id: Mapped[str] = hex_key()
    service_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("service.id", ondelete="CASCADE")
    )
    region_id: Mapped[str] = short(255, default="")
    resource_name: Mapped[str] = short(255)
    default_limit: Mapped[int] = mapped_column()
    description: Mapped[str | None] = mapped_column(Text)


class Limit(Base):
    "The limit of a project or of a domain, where it differs from the registered one."

    __tablename__ = "limit"
    __table_args__ = (UniqueConstraint("registered_limit_id", "project_id", "domain_id"),)

    id: Mapped[str] = hex_key()
    registered_limit_id: Mapped[str] = mapped_column(String(64), ForeignKey("registered_limit.id"))
    project_id: Mapped[str] = short(default="", index=True)
    domain_id: Mapped[str] = short(default="", index=True)
    resource_limit: Mapped[int] = mapped_column()
    description: Mapped[str | None] = mapped_column(Text)


class DomainConfig(Base):
    "One option of a domain."

    __tablename__ = "domain_config"

    domain_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("project.id", ondelete="CASCADE"), primary_key=True
    )
    group: Mapped[str] = mapped_column(String(64), primary_key=True)
    option: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[Any] = mapped_column(common.db.Json)
