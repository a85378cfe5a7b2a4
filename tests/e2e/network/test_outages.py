"""What breaks: OVN's databases, northd, the controllers, our API, in the middle of changes. Guests
that run go on talking, and afterwards the planes agree with nobody's help."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest
import requests

from tests.e2e.network import traffic
from tests.e2e.network.namespaces import until

PORT = 8000


class Conversation:
    "A TCP connection on which something is said and answered every 50 ms, while the block lasts."

    def __init__(self, client, server):
        self.server = traffic.Server(server.space, server.name, PORT)
        self.client, self.target = client, server.address
        self.answers, self.longest = 0, 0.0
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._talk)

    def __enter__(self):
        def connected():
            with contextlib.suppress(OSError):
                return traffic.connect(self.client.space, self.target, PORT)

        self.link = until(connected, "no connection")
        self.link.settimeout(20)
        self.link.recv(200)
        self.thread.start()
        return self

    def _talk(self):
        last = time.monotonic()
        with contextlib.suppress(OSError):
            while not self._end.wait(0.05):
                self.link.send(b"said")
                if not self.link.recv(100):
                    return
                now = time.monotonic()
                self.answers, self.longest, last = (
                    self.answers + 1,
                    max(self.longest, now - last),
                    now,
                )

    def goes_on(self):
        "Whether ten more answers come."
        before = self.answers
        until(lambda: self.answers >= before + 10, "the conversation has stopped", 15)

    def __exit__(self, *_):
        self._end.set()
        self.thread.join()
        self.link.close()
        self.server.close()


class Changes:
    "Somebody who makes and deletes ports, rules and floating IPs without a pause."

    def __init__(self, cloud, network, group):
        self.cloud, self.network, self.group = cloud, network, group
        self.done = 0
        self.kept, self.errors = [], []
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.done > 3, "no change was made")
        return self

    def _work(self):
        service = self.cloud.service
        number = 0
        while not self._end.is_set():
            number += 1
            try:
                port = service.make("port", network_id=self.network["id"])
                self.kept.append(f"ports/{port['id']}")
                rule = self.cloud.rule(self.group, protocol="tcp", **_ports(number))
                service.change("port", port["id"], security_groups=[self.group["id"]])
                if number % 2:
                    service.drop(f"security-group-rules/{rule['id']}")
                    service.drop(self.kept[-1])
                    self.kept.pop()
                self.done += 1
            except requests.RequestException:
                time.sleep(0.1)  # the API itself is away
            except AssertionError as error:
                self.errors.append(str(error))

    def __exit__(self, *_):
        self._end.set()
        self.thread.join()
        for path in self.kept:
            with contextlib.suppress(AssertionError):
                self.cloud.service.drop(path)


def _ports(number):
    return {"port_range_min": number, "port_range_max": number}


@pytest.fixture
def talk(cloud):
    "Two guests on two hosts, of two networks with a router, that talk."
    nets = [cloud.network(), cloud.network("10.2.0.0/24")]
    cloud.router(*(n["subnet"] for n in nets))
    group = cloud.group({"protocol": "tcp"})
    guests = [
        cloud.guest(net, host, security_groups=[group["id"]])
        for net, host in zip(nets, "ab", strict=True)
    ]
    cloud.settle()
    with Conversation(*guests) as conversation:
        yield conversation, nets[0], group


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
@pytest.mark.parametrize("which", ["northbound", "southbound", "northd"])
def test_ovn_goes_and_comes_back_during_changes(cloud, talk, which, number):
    conversation, network, group = talk
    daemon = getattr(cloud.fabric, which)
    with Changes(cloud, network, group) as changes:
        daemon.end(number)
        conversation.goes_on()
        before = changes.done
        until(lambda: changes.done > before + 5, "the API stopped answering")
        daemon.start()
        conversation.goes_on()
    assert not changes.errors
    cloud.settle()
    assert conversation.longest < 5, f"the guests were silent for {conversation.longest:.1f} s"
    late = cloud.guest(network, "b", security_groups=[group["id"]])
    assert late.pings("10.1.0.1"), "a new guest works"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_controller_goes_and_comes_back(cloud, talk, number):
    conversation, network, group = talk
    controller = cloud.fabric.hosts["b"].controller
    controller.end(number)
    conversation.goes_on()
    rule = cloud.rule(group, protocol="icmp")
    controller.start()
    cloud.settle()
    conversation.goes_on()
    late = cloud.guest(network, "b", security_groups=[group["id"]])
    guest = cloud.guests[0]
    until(lambda: guest.pings(late), "the rule made meanwhile holds")
    cloud.service.drop(f"security-group-rules/{rule['id']}")


def test_the_api_is_killed_during_changes(cloud, talk):
    conversation, network, group = talk
    service = cloud.service
    with Changes(cloud, network, group) as changes:
        for _ in range(3):
            service.kill()
            conversation.goes_on()
            service.start()
            before = changes.done
            until(lambda before=before: changes.done > before + 2, "no change was made")
    cloud.settle()
    assert conversation.longest < 2
    # Whatever was answered with success is there, and nothing else.
    known = {p["id"] for p in service.call("GET", f"ports?network_id={network['id']}")["ports"]}
    listed = cloud.fabric.nbctl("--bare", "lsp-list", f"neutron-{network['id']}")
    assert {line.split("(")[1].rstrip(")") for line in listed.splitlines()} == known


def test_ports_that_came_up_while_the_api_was_away_turn_active(cloud, talk):
    _, network, group = talk
    service, node = cloud.service, cloud.fabric.hosts["a"]
    guest = cloud.guest(network, "a", security_groups=[group["id"]])
    node.unplug(guest.tap)
    path = f"ports/{guest.port['id']}"
    until(lambda: service.call("GET", path)["port"]["status"] == "DOWN", "it is unplugged")
    service.kill()
    node.plug(guest.tap, guest.port["id"])
    service.start()
    cloud.active(guest)


def test_a_northbound_database_that_was_lost_is_written_anew(cloud, talk):
    conversation, network, _ = talk
    fabric = cloud.fabric
    fabric.northd.end()
    fabric.northbound.end()
    fabric.renew("nb")
    fabric.northbound.start()
    cloud.service.planes_agree()
    fabric.northd.start()
    cloud.settle()
    conversation.goes_on()
    assert cloud.guest(network, "a").pings("10.1.0.1")
