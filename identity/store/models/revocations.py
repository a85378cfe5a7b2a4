"What the processes of the cloud must hear about: revocations, and counters of changes."

import datetime

from sqlalchemy import BigInteger, Double, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base


class Revocation(Base):
    """Tokens with `key` issued at or before `issued_before` (Unix seconds) are refused; see
    `common.tokens`."""

    __tablename__ = "revocation"
    __table_args__ = {"sqlite_autoincrement": True}

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    key: Mapped[str] = mapped_column(String(200))
    issued_before: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[float] = mapped_column(Double, index=True)
    revoked_at: Mapped[datetime.datetime] = mapped_column(
        common.db.UTCDateTime, default=common.db.utcnow
    )


class Epoch(Base):
    "A number that grows whenever something that processes remember changes: `catalog`, `roles`."

    __tablename__ = "epoch"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
