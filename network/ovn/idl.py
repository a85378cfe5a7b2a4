"""Connections to OVN's databases by ovsdbapp: a replica in memory, kept up to date by a thread;
it reconnects by itself."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

# The ovs library imports eventlet where it is installed: 15 MiB for nothing, we use threads.
sys.modules.setdefault("eventlet", None)  # type: ignore[arg-type]

from ovsdbapp.backend import ovs_idl  # noqa: E402
from ovsdbapp.backend.ovs_idl import connection, idlutils  # noqa: E402

from common.errors import Unavailable  # noqa: E402

LOG = logging.getLogger(__name__)
Notice = Callable[[str, Any, Any], None]
"""(event: create, update or delete; row; old values) in the connection's thread."""


class OvnUnavailable(Unavailable):
    "OVN's database {database} cannot be reached: {reason}"


class _Idl(connection.OvsdbIdl):
    notice: Notice | None = None
    on_load: Callable[[], None] | None = None

    def run(self) -> Any:
        # A connection that was lost begins with a new copy of everything.
        before = self.state
        changed = super().run()
        loaded = self.state == self.IDL_S_MONITORING and before != self.IDL_S_MONITORING
        if loaded and self.on_load is not None:
            self.on_load()
        return changed

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        # The server's own table tells of its state, not of the network's.
        if self.notice is not None and row._table.name != "Database":
            try:
                self.notice(event, row, updates)
            except Exception:  # a fault in a listener must not stop the replica
                LOG.exception("%s of %s", event, row)


class Replica:
    """One database's replica. `tables` limits what is kept. Connects at first use, and again
    whenever that failed.

    `lock` names an OVSDB lock: only its holder may write. `on_load` is called, in the connection's
    thread, when the replica has been read anew: at first and after each lost connection.
    """

    def __init__(
        self,
        address: str,
        schema: str,
        tables: dict[str, list[str] | None],
        timeout_s: int,
        notice: Notice | None = None,
        lock: str | None = None,
        on_load: Callable[[], None] | None = None,
    ) -> None:
        self.address, self.schema, self.tables, self.timeout_s = address, schema, tables, timeout_s
        self._notice, self._lock_name, self._on_load = notice, lock, on_load
        self._mutex = threading.Lock()
        self._backend: Any = None

    def backend(self) -> Any:
        "The connected ovsdbapp backend. Raises OvnUnavailable."
        with self._mutex:
            if self._backend is None:
                try:
                    self._backend = self._connect()
                except (
                    Exception
                ) as error:  # ovs and ovsdbapp raise many kinds; all of them mean: not now
                    raise OvnUnavailable(database=self.schema, reason=str(error)[:200]) from error
            return self._backend

    def _connect(self) -> Any:
        helper = idlutils.get_schema_helper(self.address, self.schema)
        for table, columns in self.tables.items():
            if columns is None:
                helper.register_table(table)
            else:
                helper.register_columns(table, columns)
        idl = _Idl(self.address, helper)
        idl.notice, idl.on_load = self._notice, self._on_load
        if self._lock_name:
            idl.set_lock(self._lock_name)
        link = connection.Connection(idl, self.timeout_s)
        # ovsdbapp keeps the connection on the class: each replica needs a class of its own.
        return type("Backend", (ovs_idl.Backend,), {"schema": self.schema})(link, auto_index=False)

    @property
    def connected(self) -> bool:
        "Whether there is a replica (possibly a moment old)."
        return self._backend is not None

    @property
    def idl(self) -> Any:
        "The replica. Raises OvnUnavailable."
        return self.backend().ovsdb_connection.idl

    @property
    def guard(self) -> Any:
        "The lock under which rows may be read while the thread runs."
        return self.backend().ovsdb_connection.lock

    def has_lock(self) -> bool:
        "Whether this process may write."
        return bool(self.idl.has_lock)

    def transact(self, work: Callable[[Any, Any], None]) -> None:
        "`work(idl, txn)` in one transaction in the connection's thread. Raises OvnUnavailable."
        from ovsdbapp.backend.ovs_idl.command import BaseCommand

        class Work(BaseCommand):
            def run_idl(self, txn: Any) -> None:
                work(txn.idl, txn)

        backend = self.backend()
        try:
            with backend.create_transaction(check_error=True) as txn:
                txn.add(Work(backend))
        except Exception as error:
            raise OvnUnavailable(database=self.schema, reason=str(error)[:300]) from error

    def close(self) -> None:
        "Disconnect."
        with self._mutex:
            if self._backend is not None:
                self._backend.ovsdb_connection.stop(timeout=2)
                self._backend = None
