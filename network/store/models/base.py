"What the tables share: the metadata and the attributes that nearly every Neutron resource has."

import datetime

from sqlalchemy import MetaData, String
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from common.db import Json, UTCDateTime, utcnow
from common.ids import new_id


class Base(common.db.Base):
    "Parent of the mapped classes of this service."

    __abstract__ = True
    metadata = MetaData(naming_convention=common.db.NAMING)


class Owned:
    "A row with an id and the project it belongs to."

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(255), index=True, default="")


class Standard(Owned):
    """Neutron's standard attributes: description, times, revision (grows by one with every
    change), tags."""

    description: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime.datetime] = mapped_column(UTCDateTime, default=utcnow)
    revision: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)

    def touch(self) -> None:
        "Count a change."
        self.revision += 1
        self.updated_at = utcnow()


class Named(Standard):
    "A standard row with a name."

    name: Mapped[str] = mapped_column(String(255), default="", index=True)
