"The catalog: regions, services, endpoints, which projects see which, and policy documents."

from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, Described, hex_key, short


class Region(Described, Base):
    "A region; regions form trees."

    __tablename__ = "region"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    parent_region_id: Mapped[str | None] = mapped_column(
        String(255), ForeignKey("region.id"), index=True
    )


class Service(Described, Base):
    "A service of the cloud; its name may be empty."

    __tablename__ = "service"

    id: Mapped[str] = hex_key()
    type: Mapped[str] = short(255, index=True)
    name: Mapped[str] = short(255, default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class Endpoint(Described, Base):
    "Where an interface of a service answers; `url` may hold `$(project_id)s` and `%(project_id)s`."

    __tablename__ = "endpoint"

    id: Mapped[str] = hex_key()
    interface: Mapped[str] = short(8)
    region_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("region.id"), index=True)
    service_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("service.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)


class EndpointGroup(Base):
    "Endpoints chosen by filters (OS-EP-FILTER)."

    __tablename__ = "endpoint_group"

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255)
    description: Mapped[str | None] = mapped_column(Text)
    filters: Mapped[dict[str, Any]] = mapped_column(common.db.Json)


class ProjectEndpoint(Base):
    "A project sees an endpoint (OS-EP-FILTER)."

    __tablename__ = "project_endpoint"

    project_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("project.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("endpoint.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ProjectEndpointGroup(Base):
    "A project sees an endpoint group (OS-EP-FILTER)."

    __tablename__ = "project_endpoint_group"

    project_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("project.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_group_id: Mapped[str] = mapped_column(
        String(64),
        ForeignKey("endpoint_group.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )


class Policy(Base):
    "A policy document that services may fetch; identity does not read it."

    __tablename__ = "policy"

    id: Mapped[str] = hex_key()
    type: Mapped[str] = short(255)
    blob: Mapped[Any] = mapped_column(common.db.Json)
    extra: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)


class PolicyAssociation(Base):
    """A policy for an endpoint, a service, or a service in a region (OS-ENDPOINT-POLICY). What
    does not apply is ''."""

    __tablename__ = "policy_association"

    endpoint_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    service_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    region_id: Mapped[str] = mapped_column(String(255), primary_key=True, default="")
    policy_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("policy.id", ondelete="CASCADE"), index=True
    )
