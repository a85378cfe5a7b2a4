"What lets somebody act without their password: credentials, application credentials, trusts."

import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, hex_key, short


class Credential(Base):
    """A secret of a user, encrypted (Fernet). An `ec2` credential's id is the SHA-256 of its
    access key."""

    __tablename__ = "credential"

    id: Mapped[str] = hex_key()
    user_id: Mapped[str] = short(index=True)
    project_id: Mapped[str | None] = mapped_column(String(64), index=True)
    type: Mapped[str] = short(255)
    blob: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)


class ApplicationCredential(Base):
    "A secret that gives some of a user's roles in one project."

    __tablename__ = "application_credential"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255)
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"))
    project_id: Mapped[str] = short(index=True)
    secret_hash: Mapped[str] = short(255)
    description: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
    unrestricted: Mapped[bool] = mapped_column(default=False)
    has_rules: Mapped[bool] = mapped_column(default=False)
    """Whether access rules were given; an empty list then allows nothing."""


class ApplicationCredentialRole(Base):
    "A role of an application credential."

    __tablename__ = "application_credential_role"

    application_credential_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("application_credential.id", ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class AccessRule(Base):
    """A request (service type, method, path pattern) that application credentials of a user may
    be limited to."""

    __tablename__ = "access_rule"
    __table_args__ = (UniqueConstraint("user_id", "service", "method", "path_hash"),)

    id: Mapped[str] = hex_key()
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"))
    service: Mapped[str] = short()
    method: Mapped[str] = short(16)
    path: Mapped[str] = mapped_column(Text)
    path_hash: Mapped[str] = short()
    """SHA-256: a path of any length cannot be indexed everywhere."""


class ApplicationCredentialRule(Base):
    "An access rule of an application credential."

    __tablename__ = "application_credential_rule"

    application_credential_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("application_credential.id", ondelete="CASCADE"), primary_key=True
    )
    access_rule_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("access_rule.id"), primary_key=True, index=True
    )


class Trust(Base):
    "A trustor lets a trustee act in a project (OS-TRUST)."

    __tablename__ = "trust"

    id: Mapped[str] = hex_key()
    trustor_user_id: Mapped[str] = short(index=True)
    trustee_user_id: Mapped[str] = short(index=True)
    project_id: Mapped[str | None] = mapped_column(String(64), index=True)
    impersonation: Mapped[bool] = mapped_column()
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
    remaining_uses: Mapped[int | None] = mapped_column()
    redelegated_trust_id: Mapped[str | None] = mapped_column(String(64), index=True)
    redelegation_count: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
    extra: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)


class TrustRole(Base):
    "A role that a trust gives."

    __tablename__ = "trust_role"

    trust_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("trust.id", ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )
