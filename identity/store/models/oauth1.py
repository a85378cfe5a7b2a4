"OAuth 1.0a: consumers, and what users let them do (OS-OAUTH1)."

import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, hex_key, short


class Consumer(Base):
    "A program that users may let act for them; its secret is encrypted (Fernet)."

    __tablename__ = "oauth_consumer"

    id: Mapped[str] = hex_key()
    description: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)


class OAuthToken(Base):
    """A request token (`verifier` once somebody has authorized it) or an access token; its secret
    is encrypted (Fernet)."""

    __tablename__ = "oauth_token"

    id: Mapped[str] = hex_key()
    kind: Mapped[str] = short(8)
    """request or access"""
    secret: Mapped[str] = mapped_column(Text)
    consumer_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("oauth_consumer.id", ondelete="CASCADE"), index=True
    )
    project_id: Mapped[str] = short(index=True)
    user_id: Mapped[str] = short(index=True, default="")
    """Who authorized it."""
    verifier: Mapped[str] = short(default="")
    role_ids: Mapped[list[str]] = mapped_column(common.db.Json, default=list)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)


class OAuthNonce(Base):
    "A signed request that was served; it is not served again (RFC 5849 section 3.3)."

    __tablename__ = "oauth_nonce"

    consumer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    timestamp: Mapped[int] = mapped_column(primary_key=True, index=True)
