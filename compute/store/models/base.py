"The declarative base of compute's tables."

from sqlalchemy import MetaData

import common.db
from common.db import utcnow as now

__all__ = ["Base", "now"]


class Base(common.db.Base):
    "Names constraints so that migrations can speak of them on every database."

    __abstract__ = True
    metadata = MetaData(naming_convention=common.db.NAMING)
