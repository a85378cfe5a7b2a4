"""OVN as this service's `Northbound`: a replica of the northbound database with an index by our
scopes, and the nodes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from common.errors import Unavailable
from network.contracts.northbound import Change, Chassis, Key, Row
from network.ovn import rows
from network.ovn.idl import Replica

LOG = logging.getLogger(__name__)
LOCK = "altostratus_network"
_SILENT_S = 200.0
_DESCRIPTION = "altostratus:description"
_CHASSIS: dict[str, list[str] | None] = {
    "Chassis": ["name", "hostname", "other_config", "external_ids"],
    "Chassis_Private": ["name", "nb_cfg", "nb_cfg_timestamp", "chassis", "external_ids"],
}


class Ovn:
    "Implements `contracts.northbound.Northbound`. Thread-safe."

    def __init__(self, nb: str, sb: str, timeout_s: int, *, writer: bool = True) -> None:
        self._scopes: dict[str, set[tuple[str, Any]]] = {}
        self._keys: dict[Key, Any] = {}
        self._on_port: Callable[[str, bool], None] | None = None
        self._on_doubt: Callable[[], None] | None = None
        self._warned = False
        self._known: list[Chassis] = []
        self.nb = Replica(
            nb,
            "OVN_Northbound",
            rows.monitored(),
            timeout_s,
            self._changed,
            LOCK if writer else None,
            self._everything,
        )
        self.sb = Replica(sb, "OVN_Southbound", _CHASSIS, timeout_s, self._node_changed)

    # The index

    def _changed(self, event: str, row: Any, old: Any) -> None:
        table = row._table.name
        if table == "NB_Global":
            return
        key, scope = row.external_ids.get(rows.KEY), row.external_ids.get(rows.SCOPE)
        if key is None:
            return
        if event == "delete":
            self._scopes.get(scope, set()).discard((table, row.uuid))
            if self._keys.get((table, key)) == row.uuid:
                del self._keys[table, key]
        else:
            self._scopes.setdefault(scope, set()).add((table, row.uuid))
            self._keys[table, key] = row.uuid
        if (
            table == "Logical_Switch_Port"
            and self._on_port
            and event == "update"
            and hasattr(old, "up")
        ):
            self._on_port(row.name, row.up == [True])

    def _everything(self) -> None:
        if self._on_doubt:
            self._on_doubt()

    def _find(self, key: Key) -> Any:
        uuid = self._keys.get(key)
        return self.nb.idl.tables[key[0]].rows.get(uuid) if uuid is not None else None

    # Northbound

    def actual(self, scopes: set[str] | None) -> Iterable[Row]:
        "See `Northbound`."
        with self.nb.guard:
            idl = self.nb.idl
            if scopes is None:
                parents = rows.real_parents(idl)
                return [
                    rows.read(row, parents)
                    for table in rows.COLUMNS
                    for row in list(idl.tables[table].rows.values())
                    if rows.key_of(row) is not None
                ]
            found = []
            for scope in scopes:
                for table, uuid in list(self._scopes.get(scope, ())):
                    row = idl.tables[table].rows.get(uuid)
                    if row is None:  # gone while the connection was
                        self._scopes[scope].discard((table, uuid))
                    else:
                        found.append(rows.read(row, None))
            return found

    def apply(self, changes: Iterable[Change]) -> None:
        "See `Northbound`."
        listed = list(changes)
        self.nb.transact(lambda idl, txn: rows.Writer(idl, txn, self._find).write(listed))

    def is_writer(self) -> bool:
        "See `Northbound`. False while OVN is away."
        try:
            held = self.nb.has_lock()
            self.sb.backend()
        except Unavailable as error:
            if not self._warned:
                LOG.warning("%s; changes wait in the database until it is back", error)
            self._warned = True
            return False
        self._warned = False
        return held

    def ports_up(self) -> Mapping[str, bool]:
        "See `Northbound`."
        with self.nb.guard:
            return {
                row.name: row.up == [True]
                for row in self.nb.idl.tables["Logical_Switch_Port"].rows.values()
                if rows.key_of(row) == row.name and row.type != "localport"
            }

    def watch(self, on_port: Callable[[str, bool], None], on_doubt: Callable[[], None]) -> None:
        "See `Northbound`."
        self._on_port, self._on_doubt = on_port, on_doubt

    def beat(self) -> None:
        "See `Northbound`: a new nb_cfg makes every controller write down when it saw it."

        def work(idl: Any, txn: Any) -> None:
            for row in idl.tables["NB_Global"].rows.values():
                row.nb_cfg = row.nb_cfg + 1

        self.nb.transact(work)

    def close(self) -> None:
        "Disconnect."
        self.nb.close()
        self.sb.close()

    # The nodes

    def _node_changed(self, event: str, row: Any, old: Any) -> None:
        if row._table.name == "Chassis" and (event != "update" or hasattr(old, "other_config")):
            self._everything()

    def chassis(self) -> list[Chassis]:
        "See `Northbound`. While the southbound database is away: the nodes last seen."
        if not self.sb.connected:
            try:
                self.sb.backend()
            except Unavailable:
                return self._known
        with self.sb.guard:
            private = {p.name: p for p in self.sb.idl.tables["Chassis_Private"].rows.values()}
            self._known = [
                _chassis(c, private.get(c.name))
                for c in self.sb.idl.tables["Chassis"].rows.values()
            ]
        return self._known

    def describe_chassis(self, name: str, description: str) -> None:
        "See `Northbound`."

        def work(idl: Any, txn: Any) -> None:
            for row in idl.tables["Chassis_Private"].rows.values():
                if row.name == name:
                    row.setkey("external_ids", _DESCRIPTION, description)

        self.sb.transact(work)

    def forget_chassis(self, name: str) -> None:
        "See `Northbound`."

        def work(idl: Any, txn: Any) -> None:
            for table in ("Chassis_Private", "Chassis"):
                for row in list(idl.tables[table].rows.values()):
                    if row.name == name:
                        row.delete()

        self.sb.transact(work)

    def datapath_of(self, host: str) -> str:
        "See `Northbound`."
        nodes = self._known or self.chassis()
        found = (
            [c for c in nodes if host in (c.hostname, c.name)]
            or (self.chassis() and [c for c in self._known if host in (c.hostname, c.name)])
            or nodes
        )
        return found[0].datapath_type if found else "system"


def _chassis(row: Any, private: Any) -> Chassis:
    seen_at = private.nb_cfg_timestamp / 1000 if private is not None else 0.0
    config = row.other_config
    mappings = dict(
        part.split(":", 1)
        for part in config.get("ovn-bridge-mappings", "").split(",")
        if ":" in part
    )
    fresh = seen_at == 0 or time.time() - seen_at < _SILENT_S
    return Chassis(
        row.name,
        row.hostname,
        mappings,
        config.get("datapath-type") or "system",
        fresh,
        "enable-chassis-as-gw" in config.get("ovn-cms-options", ""),
        seen_at,
        private.external_ids.get(_DESCRIPTION, "") if private is not None else "",
    )
