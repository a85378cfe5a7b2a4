"""Our rows in the northbound database: reading them as `Row`, and writing changes (OVN's schema:
ovn-nb(5))."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from network.contracts.northbound import Change, Key, Parent, Row

KEY, SCOPE, PARENTS = "altostratus:key", "altostratus:scope", "altostratus:parents"
_OURS = (KEY, SCOPE, PARENTS)

COLUMNS: dict[str, tuple[str, ...]] = {
    "Logical_Switch": ("name", "other_config"),
    "Logical_Switch_Port": (
        "name",
        "type",
        "enabled",
        "addresses",
        "port_security",
        "options",
        "parent_name",
        "tag",
    ),
    "Logical_Router": ("name", "enabled", "options"),
    "Logical_Router_Port": ("name", "mac", "enabled", "networks", "options", "ipv6_ra_configs"),
    "Logical_Router_Static_Route": ("ip_prefix", "nexthop", "output_port", "policy", "route_table"),
    "NAT": ("type", "external_ip", "logical_ip", "external_mac", "logical_port", "options"),
    "Gateway_Chassis": ("name", "chassis_name", "priority", "options"),
    "DHCP_Options": ("cidr", "options"),
    "Port_Group": ("name",),
    "ACL": ("direction", "priority", "match", "action", "log", "name", "severity", "meter"),
    "Address_Set": ("name", "addresses"),
    "QoS": ("direction", "priority", "match", "action", "bandwidth"),
    "DNS": ("records",),
    "Load_Balancer": ("name", "protocol", "vips", "options"),
}
REFS: dict[str, tuple[str, ...]] = {"Logical_Switch_Port": ("dhcpv4_options", "dhcpv6_options")}
CHILDREN: dict[str, tuple[str, ...]] = {
    "Logical_Switch": ("ports", "qos_rules", "dns_records"),
    "Logical_Router": ("ports", "nat", "static_routes", "load_balancer"),
    "Logical_Router_Port": ("gateway_chassis",),
    "Port_Group": ("ports", "acls"),
}
EXTRA = {"Logical_Switch_Port": ("up",), "NB_Global": ("nb_cfg",)}


def monitored() -> dict[str, list[str] | None]:
    "The tables and columns that a replica must keep."
    out: dict[str, list[str] | None] = {}
    for table, columns in COLUMNS.items():
        out[table] = [
            *columns,
            *REFS.get(table, ()),
            *CHILDREN.get(table, ()),
            *EXTRA.get(table, ()),
            "external_ids",
        ]
    out["NB_Global"] = ["nb_cfg"]
    return out


def key_of(row: Any) -> str | None:
    "Our name for a row, None for somebody else's."
    found: str | None = row.external_ids.get(KEY)
    return found


def parents_text(parents: Iterable[Parent]) -> str:
    "Parents as they are noted in the row itself."
    return ";".join("|".join(p) for p in sorted(parents))


def _noted(row: Any) -> tuple[Parent, ...]:
    text = row.external_ids.get(PARENTS, "")
    return tuple(tuple(part.split("|")) for part in text.split(";") if part)


def real_parents(idl: Any) -> dict[tuple[str, Any], list[Parent]]:
    "(table, uuid) of every row of ours -> the rows of ours that refer to it."
    out: dict[tuple[str, Any], list[Parent]] = {}
    for table, columns in CHILDREN.items():
        for row in idl.tables[table].rows.values():
            key = key_of(row)
            if key is None:
                continue
            for column in columns:
                for child in getattr(row, column):
                    out.setdefault((child._table.name, child.uuid), []).append((table, key, column))
    return out


def read(row: Any, parents: dict[tuple[str, Any], list[Parent]] | None) -> Row:
    "One of our rows. Without `parents` those noted in it count."
    table = row._table.name
    columns: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS[table]}
    ids = dict(row.external_ids)
    columns["external_ids"] = {k: v for k, v in ids.items() if k not in _OURS}
    refs: dict[str, Key | None] = {}
    for name in REFS.get(table, ()):
        target = getattr(row, name)
        target_key = key_of(target[0]) if target else None
        refs[name] = (target[0]._table.name, target_key) if target_key else None
    known = _noted(row) if parents is None else tuple(parents.get((table, row.uuid), ()))
    return Row(table, ids[KEY], ids.get(SCOPE, ""), columns, known, refs)


class Writer:
    "Puts changes into one transaction. `find` gives the existing row of a key."

    def __init__(self, idl: Any, txn: Any, find: Any) -> None:
        self.idl, self.txn, self._existing = idl, txn, find
        self.made: dict[Key, Any] = {}
        self.gone: set[Key] = set()
        self._new_lists: dict[tuple[Key, str], list[Any]] = {}

    def write(self, changes: list[Change]) -> None:
        "All of them: rows first, then what refers to them."
        self.gone = {c.row.id for c in changes if c.kind == "delete"}
        for change in changes:
            if change.kind == "create":
                self.made[change.row.id] = self.txn.insert(self.idl.tables[change.row.table])
        for change in changes:
            row = self.find(change.row.id)
            if row is not None:
                if change.kind == "delete":
                    self._delete(change, row)
                else:
                    self._set(change, row)
        for (key, column), children in self._new_lists.items():
            setattr(self.made[key], column, children)

    def find(self, key: Key) -> Any:
        "The row, made in this transaction or there already."
        return self.made.get(key) or self._existing(key)

    def _delete(self, change: Change, row: Any) -> None:
        for parent in change.leave:
            self._leave(parent, row)
        row.delete()

    def _set(self, change: Change, row: Any) -> None:
        wanted = change.row
        for name, value in change.columns.items():
            if name != "external_ids":
                setattr(row, name, value)
        if (
            change.kind == "create"
            or "external_ids" in change.columns
            or change.join
            or change.leave
        ):
            row.external_ids = {
                **wanted.columns.get("external_ids", {}),
                KEY: wanted.key,
                SCOPE: wanted.scope,
                PARENTS: parents_text(wanted.parents),
            }
        for name, ref in change.refs.items():
            target = self.find(ref) if ref and ref not in self.gone else None
            setattr(row, name, [target] if target is not None else [])
        for parent in change.join:
            self._join(parent, row)
        for parent in change.leave:
            self._leave(parent, row)

    def _join(self, parent: Parent, row: Any) -> None:
        key, column = (parent[0], parent[1]), parent[2]
        if key in self.made:
            self._new_lists.setdefault((key, column), []).append(row)
            return
        found = self._existing(key)
        if found is not None and key not in self.gone:
            found.addvalue(column, row)

    def _leave(self, parent: Parent, row: Any) -> None:
        key = (parent[0], parent[1])
        found = self._existing(key)
        if found is not None and key not in self.gone and key not in self.made:
            found.delvalue(parent[2], row)
