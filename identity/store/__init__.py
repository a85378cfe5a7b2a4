"The tables of identity and the queries on them; nothing else in the service knows SQL."

from sqlalchemy.orm import Session

from common.db import after_commit

__all__ = ["Session", "after_commit"]
