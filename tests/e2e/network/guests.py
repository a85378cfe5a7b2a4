"""Guests: namespaces bound as ports. The interface has the port's MAC address, so that OVN takes
it for a server's."""

from __future__ import annotations

import itertools
from typing import Any

from tests.e2e.network import dhcp, traffic
from tests.e2e.network.fabric import Fabric
from tests.e2e.network.namespaces import Namespace, cable, until
from tests.e2e.network.service import Service


class Guest:
    "A namespace whose eth0 is a port on a host."

    def __init__(self, space: Namespace, host: Any, tap: str, port: dict[str, Any]) -> None:
        self.space, self.host, self.tap, self.port = space, host, tap, port
        self.name = space.name

    @property
    def address(self) -> str:
        "The first of the port's addresses."
        return str(self.port["fixed_ips"][0]["ip_address"])

    def lease(self) -> dhcp.Lease:
        "Ask DHCP and use what it says: address, MTU, routes."
        found = dhcp.lease4(self.space)
        assert found is not None, f"no DHCP answer for {self.address}"
        length = bin(found.number(dhcp.SUBNET_MASK)).count("1")
        self.space.ip("addr", "replace", f"{found.address}/{length}", "dev", "eth0")
        self.space.ip("link", "set", "eth0", "mtu", str(found.number(dhcp.MTU)))
        routers = [("0.0.0.0/0", hop) for hop in found.addresses(dhcp.ROUTER)[:1]]
        for prefix, hop in list(found.routes().items()) or routers:
            self.space.ip("route", "replace", prefix, "via", hop)
        return found

    def pings(self, target: Any, **more: Any) -> bool:
        "Whether it reaches an address or another guest; the first packet may be lost to learning."
        address = target.address if isinstance(target, Guest) else target
        return traffic.ping(self.space, address, **{"tries": 5, **more})

    def asks(self, target: Any, port: int, **more: Any) -> tuple[str, str] | None:
        "What a traffic.Server answers."
        address = target.address if isinstance(target, Guest) else target
        return traffic.ask(self.space, address, port, **more)

    def serves(self, port: int, *, udp: bool = False) -> Any:
        "A traffic.Server with the guest's name, for a `with` block."
        return traffic.serving(self.space, self.name, port, udp=udp)


class Cloud:
    "What a test makes: guests, networks, routers; and takes away again."

    _numbers = itertools.count(1)

    def __init__(self, fabric: Fabric, service: Service, external: dict[str, Any]) -> None:
        self.fabric, self.service, self.external = fabric, service, external
        self.outside = fabric.outside
        self.guests: list[Guest] = []
        self.left: list[str] = []

    def network(self, cidr: str | None = "10.1.0.0/24", **more: Any) -> dict[str, Any]:
        "A network, with a subnet unless `cidr` is None."
        made = self.service.make("network", name="e2e", **more)
        self.left.append(f"networks/{made['id']}")
        if cidr:
            made["subnet"] = self.subnet(made, cidr)
        return made

    def subnet(self, network: dict[str, Any], cidr: str, **more: Any) -> dict[str, Any]:
        "A subnet of it."
        wish = {"network_id": network["id"], "cidr": cidr, "ip_version": 6 if ":" in cidr else 4}
        return self.service.make("subnet", **wish, **more)

    def router(self, *subnets: dict[str, Any], gateway: bool = True, **more: Any) -> dict[str, Any]:
        "A router between subnets, and to the outside."
        if gateway:
            more["external_gateway_info"] = {
                "network_id": self.external["id"],
                **more.pop("gateway_info", {}),
            }
        made = self.service.make("router", name="e2e", **more)
        self.left.append(f"routers/{made['id']}")
        for subnet in subnets:
            path = f"routers/{made['id']}/add_router_interface"
            self.service.call("PUT", path, {"subnet_id": subnet["id"]})
        return made

    def group(self, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
        "A security group; it allows everything outwards, and inwards what the rules say."
        made = self.service.make("security_group", name="e2e", **more)
        self.left.append(f"security-groups/{made['id']}")
        for rule in rules:
            self.rule(made, **rule)
        return made

    def rule(self, group: dict[str, Any], **wish: Any) -> dict[str, Any]:
        "One more rule of it."
        wish = {"direction": "ingress", "ethertype": "IPv4", **wish}
        return self.service.make("security_group_rule", security_group_id=group["id"], **wish)

    def floating(self, guest: Guest | None = None, **more: Any) -> dict[str, Any]:
        "A floating IP, of a guest or free."
        wish = {"floating_network_id": self.external["id"], **more}
        if guest is not None:
            wish["port_id"] = guest.port["id"]
        made = self.service.make("floatingip", **wish)
        self.left.append(f"floatingips/{made['id']}")
        return made

    def guest(
        self, network: dict[str, Any], host: str = "a", *, lease: bool = True, **wish: Any
    ) -> Guest:
        "A guest on a host, with its address by DHCP; returns when the API says ACTIVE."
        number = next(self._numbers)
        node = self.fabric.hosts[host]
        wish.setdefault("device_id", f"instance-{number}")
        wish.setdefault("device_owner", "compute:nova")
        wish["binding:host_id"] = f"host-{host}"
        port = self.service.make("port", network_id=network["id"], **wish)
        space, tap = Namespace(f"{self.fabric.mark}-g{number}"), f"tap{number}"
        made = Guest(space, node, tap, port)
        self.guests.append(made)
        cable(node.space, tap, space, "eth0")
        # Down and up again: the link-local address follows from the MAC address.
        space.ip("link", "set", "eth0", "down")
        space.ip("link", "set", "eth0", "address", port["mac_address"], "up")
        node.plug(tap, port["id"])
        self.active(made)
        if lease:
            made.lease()
        return made

    def active(self, guest: Guest) -> None:
        "Wait until the API says so."
        path = f"ports/{guest.port['id']}"

        def active() -> bool:
            guest.port = self.service.call("GET", path)["port"]
            return guest.port["status"] == "ACTIVE"

        until(active, f"port of {guest.name} is not ACTIVE")

    def remove(self, guest: Guest) -> None:
        "The guest and its port."
        self.guests.remove(guest)
        guest.host.unplug(guest.tap)
        guest.space.remove()
        self.service.drop(f"ports/{guest.port['id']}")

    def settle(self) -> None:
        "Until both hosts do what the API was told."
        self.service.planes_agree()
        self.fabric.settle()

    def close(self) -> None:
        "Take everything away."
        for guest in list(self.guests):
            self.remove(guest)
        order = ("floatingips", "routers", "security-groups", "networks")
        for path in sorted(self.left, key=lambda p: order.index(p.split("/")[0])):
            if path.startswith("routers"):
                self._take_apart(path)
            if path.startswith("networks"):
                self._empty(path)
            self.service.drop(path)

    def _empty(self, path: str) -> None:
        "Ports that were made though nobody heard the answer: the API was killed before it."
        found = self.service.call("GET", f"ports?network_id={path.partition('/')[2]}")["ports"]
        for port in found:
            if not port["device_owner"].startswith("network:"):
                self.service.drop(f"ports/{port['id']}")

    def _take_apart(self, path: str) -> None:
        self.service.call("PUT", path, {"router": {"routes": []}})
        ports = self.service.call("GET", f"ports?device_id={path.partition('/')[2]}")["ports"]
        for port in ports:
            if port["device_owner"] == "network:router_interface":
                wish = {"port_id": port["id"]}
                self.service.call("PUT", f"{path}/remove_router_interface", wish)
