"""OVN stood in for: the rows in a dictionary, the same rules of parents and references, no packets.

It refuses what the real database refuses: a child without its parent, two rows of one name.
"""

from dataclasses import replace

from common.errors import Unavailable
from network.contracts.northbound import Chassis, Row


class FakeNorthbound:
    "Implements `network.contracts.northbound.Northbound`."

    def __init__(self, nodes=()):
        self.rows, self.up, self.nodes = {}, {}, list(nodes)
        self.away, self.writer, self.transactions, self.beats = False, True, 0, 0
        self._on_port = self._on_doubt = None

    def actual(self, scopes):
        self._reach()
        return [r for r in self.rows.values() if scopes is None or r.scope in scopes]

    def apply(self, changes):
        self._reach()
        self.transactions += 1
        after = dict(self.rows)
        for change in changes:
            row = change.row
            if change.kind == "delete":
                after.pop(row.id, None)
                continue
            have = after.get(row.id)
            if change.kind == "create":
                assert have is None, f"{row.id} is there already"
            old = have or Row(row.table, row.key, row.scope, {})
            parents = (set(old.parents) | set(change.join)) - set(change.leave)
            after[row.id] = Row(
                row.table,
                row.key,
                row.scope,
                {**old.columns, **change.columns},
                tuple(sorted(parents)),
                {**old.refs, **change.refs},
            )
        self.rows = after

    def is_writer(self):
        return self.writer and not self.away

    def ports_up(self):
        names = {r.key for r in self.rows.values() if r.table == "Logical_Switch_Port"}
        return {name: up for name, up in self.up.items() if name in names}

    def bind(self, port_id, up=True):
        "A node plugs the port in, or out."
        self.up[port_id] = up
        if self._on_port:
            self._on_port(port_id, up)

    def watch(self, on_port, on_doubt):
        self._on_port, self._on_doubt = on_port, on_doubt

    def chassis(self):
        return self.nodes

    def describe_chassis(self, name, description):
        self._reach()
        self.nodes = [
            replace(n, description=description) if n.name == name else n for n in self.nodes
        ]

    def forget_chassis(self, name):
        self._reach()
        self.nodes = [n for n in self.nodes if n.name != name]

    def datapath_of(self, host):
        return next((n.datapath_type for n in self.nodes if n.hostname == host), "system")

    def beat(self):
        self.beats += 1

    def close(self):
        pass

    def table(self, name):
        "The rows of one table by our names."
        return {r.key: r for r in self.rows.values() if r.table == name}

    def _reach(self):
        if self.away:
            raise Unavailable("OVN is away")


def node(name="n1", mappings=None, **more):
    "A node with the userspace datapath."
    return Chassis(name, f"host-{name}", mappings or {}, "netdev", **more)
