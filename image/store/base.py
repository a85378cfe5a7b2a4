"What the tables of this service share."

from typing import Any

from sqlalchemy import MetaData, String

import common.db

ID = String(36)
OWNER = String(255)


class Base(common.db.Base):
    "Parent of this service's tables."

    __abstract__ = True
    metadata = MetaData(naming_convention=common.db.NAMING)


def rowcount(result: Any) -> int:
    "How many rows a statement changed."
    return int(result.rowcount)
