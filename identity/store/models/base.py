"What all tables share."

from typing import Any

from sqlalchemy import MetaData, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from common.ids import new_hex


class Base(common.db.Base):
    "Parent of identity's tables."

    __abstract__ = True
    metadata = MetaData(naming_convention=common.db.NAMING)


def hex_key() -> Mapped[str]:
    "A primary key of 32 hex digits, made here."
    return mapped_column(String(64), primary_key=True, default=new_hex)


def short(length: int = 64, **options: Any) -> Mapped[str]:
    "A short text that is never NULL."
    return mapped_column(String(length), **options)


class Described:
    "Columns of most resources: a description, and attributes that clients added."

    description: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)
