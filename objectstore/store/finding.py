"""The row that every request for an object begins with.

On SQLite the statement goes straight to the driver: a session, its transaction and a result object
around one row by primary keys cost several times what the row does, and were most of a small GET.
A database server gets the ordinary way, whose round trip outweighs that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from common.db import Database
from objectstore.store import objects

_JSON = ("c_meta", "c_sysmeta", "a_meta", "a_sysmeta", "meta", "sysmeta")


class Finder:
    "Finds an object with its container and account; thread-safe, one for each process."

    def __init__(self, db: Database) -> None:
        self._db = db
        compiled = objects.FIND.compile(dialect=db.engine.dialect)
        self._sql = str(compiled)
        self._order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._names = tuple(str(c.key) for c in objects.FIND.selected_columns)
        self._texts = tuple(self._names.index(name) for name in _JSON)

    def __call__(self, account: str, container: str, name: str) -> Mapping[str, Any] | None:
        "See `objects.find`."
        own = self._db.own_reader()
        if own is None:
            with self._db.read() as session:
                row = objects.find(session, account, container, name)
            return None if row is None else row._mapping
        given = {"a": account, "c": container, "o": name}
        # all of it is fetched: a statement that is not at its end would keep this thread's view of
        # the database where it was
        rows = own.execute(self._sql, [given[n] for n in self._order]).fetchall()
        if not rows:
            return None
        values = list(rows[0])
        for index in self._texts:
            text = values[index]
            if text is not None:
                values[index] = {} if text == "{}" else json.loads(text)
        return dict(zip(self._names, values, strict=True))
