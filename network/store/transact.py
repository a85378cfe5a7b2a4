"Transactions that may be run again: what two requests may both try, one of them does twice."

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from common.db import Database

T = TypeVar("T")
ATTEMPTS = 12


def transact(db: Database, work: Callable[[Session], T]) -> T:
    """`work(session)` in one transaction. Another request that took the same address, id or name a
    moment earlier shows as a
    broken unique constraint: the work, which chooses again, is repeated. The last attempt's error
    is raised."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return db.transact(work)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")
