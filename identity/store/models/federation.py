"Federation: who may vouch for users (OS-FEDERATION), and the users whom they vouched for."

from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, hex_key, short


class IdentityProvider(Base):
    "An identity provider; its users live in `domain_id`."

    __tablename__ = "identity_provider"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(Text)
    domain_id: Mapped[str] = mapped_column(String(64), ForeignKey("project.id"), index=True)
    authorization_ttl: Mapped[int | None] = mapped_column()
    """Minutes that group memberships from a login last."""
    remote_ids: Mapped[list[str]] = mapped_column(common.db.Json, default=list)


class Mapping(Base):
    "Rules from what a provider asserts to a local user, groups and projects."

    __tablename__ = "mapping"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(common.db.Json)
    schema_version: Mapped[str] = short(8, default="1.0")


class Protocol(Base):
    "A way to log in at an identity provider, with its mapping."

    __tablename__ = "federation_protocol"

    idp_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("identity_provider.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    mapping_id: Mapped[str] = short(64, index=True)
    remote_id_attribute: Mapped[str | None] = mapped_column(String(64))


class FederatedUser(Base):
    "How a provider knows a user."

    __tablename__ = "federated_user"
    __table_args__ = (UniqueConstraint("idp_id", "protocol_id", "unique_id"),)

    id: Mapped[str] = hex_key()
    user_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    idp_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("identity_provider.id", ondelete="CASCADE")
    )
    protocol_id: Mapped[str] = short(64)
    unique_id: Mapped[str] = short(255)


class ServiceProvider(Base):
    "Another cloud that trusts this one (Keystone to Keystone)."

    __tablename__ = "service_provider"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    auth_url: Mapped[str] = short(256)
    sp_url: Mapped[str] = short(256)
    enabled: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(Text)
    relay_state_prefix: Mapped[str] = short(256, default="ss:mem:")
