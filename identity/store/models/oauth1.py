"OAuth 1.0a (OS-OAUTH1): consumers, and what users authorised them to do."

import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, Described, hex_key, short


class Consumer(Described, Base):
    "A program that may ask users for access; its secret signs requests, so it is kept encrypted."

    __tablename__ = "consumer"

    id: Mapped[str] = hex_key()
    secret: Mapped[str] = mapped_column(Text)


class RequestToken(Base):
    "A wish for access, until its user allows it."

    __tablename__ = "request_token"

    id: Mapped[str] = hex_key()
    secret: Mapped[str] = mapped_column(Text)
    verifier: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    project_id: Mapped[str] = short()
    role_ids: Mapped[list[str] | None] = mapped_column(common.db.Json)
    consumer_id: Mapped[str] = mapped_column(String(64), ForeignKey("consumer.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)


class AccessToken(Base):
    "Access that a user gave a consumer."

    __tablename__ = "access_token"

    id: Mapped[str] = hex_key()
    secret: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = short(index=True)
    project_id: Mapped[str] = short()
    role_ids: Mapped[list[Any]] = mapped_column(common.db.Json)
    consumer_id: Mapped[str] = mapped_column(String(64), ForeignKey("consumer.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)
