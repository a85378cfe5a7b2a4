"""The metadata agent of a node: for each network with a guest here a namespace and a listener,
found in OVN's southbound database.

It needs no credentials and no database of ours. Wanted against actual is compared at every change
and every minute.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from common.errors import Unavailable
from common.service import Loop, run_until_signal
from network.agent import wiring
from network.agent.proxy import Asker, Proxy
from network.ovn.idl import Replica

LOG = logging.getLogger(__name__)
_SB: dict[str, list[str] | None] = {
    "Port_Binding": ["logical_port", "type", "chassis", "mac", "datapath", "external_ids", "up"],
    "Datapath_Binding": ["external_ids"],
    "Chassis": ["name"],
}


class MetadataAgent:
    "Keeps this node's metadata namespaces right. `step()` is one pass."

    def __init__(self, config: Any) -> None:
        self.config = config
        self.loop = Loop("metadata", 60, self.step)
        self.sb = Replica(
            config.ovn.sb_connection, "OVN_Southbound", _SB, config.ovn.timeout_s, self._changed
        )
        self.proxy = Proxy(config.metadata.url, config.metadata.secret, self.asker)
        self._links: dict[str, wiring.Link] = {}
        self._warned = False

    def _changed(self, event: str, row: Any, old: Any) -> None:
        if row._table.name == "Port_Binding":
            self.loop.wake()

    def step(self) -> None:
        "Plug what is missing, unplug what is not needed any more."
        try:
            wanted = self.wanted()
            self._warned = False
        except Unavailable as error:
            if not self._warned:
                LOG.warning("%s; trying again", error)
            self._warned = True
            self.loop.interval_s = 2
            return
        self.loop.interval_s = 60
        for network_id, link in wanted.items():
            if self._links.get(network_id) != link or network_id not in self.proxy.networks():
                self._plug(link)
        for name in wiring.netns.listnetns():
            network_id = name.removeprefix(wiring.PREFIX)
            if (
                name.startswith(wiring.PREFIX)
                and network_id in self._links
                and network_id not in wanted
            ):
                self._unplug(network_id)

    def _plug(self, link: wiring.Link) -> None:
        try:
            wiring.plug(link, self.config.ovn.integration_bridge, self.config.ovn.ovs_connection)
            if link.network_id not in self.proxy.networks():
                self.proxy.add(link.network_id, wiring.listen(link))
        except Exception:  # one network's trouble is not the others'; the next pass tries again
            LOG.exception("metadata of network %s", link.network_id)
            return
        self._links[link.network_id] = link
        LOG.info("serving metadata to network %s", link.network_id)

    def _unplug(self, network_id: str) -> None:
        self.proxy.remove(network_id)
        link = self._links.pop(network_id)
        wiring.unplug(network_id, link.tap, self.config.ovn.ovs_connection)
        LOG.info("no guest of network %s is here any more", network_id)

    def wanted(self) -> dict[str, wiring.Link]:
        "The networks of which a guest is plugged in on this node. Raises Unavailable."
        name = wiring.vsctl(
            self.config.ovn.ovs_connection, "get", "open", ".", "external_ids:system-id"
        ).strip('"')
        with_guests, ports = set(), {}
        self.sb.backend()
        with self.sb.guard:
            for row in self.sb.idl.tables["Port_Binding"].rows.values():
                if row.type == "localport":
                    ports[row.datapath.uuid] = row
                elif row.type == "" and row.chassis and row.chassis[0].name == name:
                    with_guests.add(row.datapath.uuid)
            return {
                link.network_id: link
                for uuid, row in ports.items()
                if uuid in with_guests and (link := _link(row))
            }

    def asker(self, network_id: str, source: str) -> Asker | None:
        "Whose port of the network has the source address."
        address = ipaddress.ip_address(source)
        with self.sb.guard:
            for row in self.sb.idl.tables["Port_Binding"].rows.values():
                if row.type == "" and _network(row) == network_id and _has(row, address):
                    ids = row.external_ids
                    return ids.get("neutron:device_id", ""), ids.get("neutron:project_id", "")
        return None

    def stop(self) -> None:
        "Let go of the sockets; the namespaces stay, for the next start."
        self.loop.stop()
        self.loop.join(10)
        self.proxy.stop()
        self.sb.close()


def _network(row: Any) -> str:
    return str(row.external_ids.get("neutron:network_name", "")).removeprefix("neutron-")


def _link(row: Any) -> wiring.Link | None:
    network_id = _network(row)
    if not network_id or not row.mac:
        return None
    return wiring.Link(
        network_id,
        row.logical_port,
        row.mac[0].split()[0],
        tuple(row.external_ids.get("neutron:cidrs", "").split()),
        int(row.external_ids.get("neutron:mtu", 1442)),
    )


def _has(row: Any, address: Any) -> bool:
    for entry in row.mac:
        mac, *addresses = entry.split()
        if str(address) in addresses:
            return True
        if address.version == 6 and address.is_link_local and _link_local(mac) == address:
            return True
    return False


def _link_local(mac: str) -> Any:
    octets = [int(part, 16) for part in mac.split(":")] if mac.count(":") == 5 else []
    if not octets:
        return None
    octets[0] ^= 2
    return ipaddress.IPv6Address(
        bytes([0xFE, 0x80, *[0] * 6, *octets[:3], 0xFF, 0xFE, *octets[3:]])
    )


def run(config: Any) -> None:
    "Serve until SIGTERM."
    agent = MetadataAgent(config)
    agent.loop.start()
    run_until_signal(agent.stop, health_port=config.metadata.health_port)
