"""kill -9 of the agent, the conductor, the API, RabbitMQ or libvirtd at the N-th step of a build, a
resize, its confirmation, a snapshot and a deletion: afterwards every server is in a true state,
nothing is left over, and a guest that runs meanwhile never notices.

Every run takes a few steps of each victim; TEST_FAULTS=all walks all of them (20 to 30 minutes).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import libvirt
import pytest

from compute.agent.drivers.libvirt.domain import domain_name
from compute.contracts.specs import ImageSource
from tests.e2e.compute_agent.conftest import ImageServer
from tests.e2e.compute_agent.hypervisor import Hypervisor
from tests.e2e.compute_agent.service import Service, alive, new_name

pytestmark = [pytest.mark.guest, pytest.mark.timeout(2400)]

COUNTED = {
    "agent": "agent",
    "conductor": "conductor",
    "api": "api",
    "rabbitmq": "conductor",
    "libvirtd": "agent",
}
"""Who is killed: whose steps are counted."""
EVERY = os.environ.get("TEST_FAULTS") == "all"
STEPS = range(1, 60) if EVERY else (2, 7)


class Lap:
    "One server from its creation to its deletion; at the N-th step of each order somebody dies."

    def __init__(self, service: Service, victim: str, at: int) -> None:
        self.service, self.victim, self.at = service, victim, at
        self.fuse = service.fuses[COUNTED[victim]]
        self.deaths: list[str] = []
        self.server_id = ""

    def ask(self, what: str, method: str, path: str, body: Any = None) -> Any:
        "Send a request while the fuse burns; whatever the answer is, the state must come true."
        self.service.until(lambda: self.service.ask("GET", "/flavors").get("flavors"))
        self.fuse.arm(self.at, self.service.pid(self.victim))
        answer = self.service.try_ask(method, path, body)
        return answer.json() if answer is not None and answer.ok and answer.content else {}

    def rest(self, what: str) -> dict[str, Any]:
        "Wait until nothing is being done, put the fuse out, and look at what must be true."
        server = self.service.calm(self.server_id)
        if self.fuse.left == 0:
            self.deaths.append(what)
        self.fuse.arm(0)
        self.service.heal()
        if server:
            self.is_true(what, server)
        return server

    def is_true(self, what: str, server: dict[str, Any]) -> None:
        "What the API says of a server is what its host says."
        where = f"{what}: {self.victim} killed at {self.at}: {self.service.told(self.server_id)}"
        domains = self.service.domains()
        running = domains.get(domain_name(self.server_id)) == libvirt.VIR_DOMAIN_RUNNING
        if server["status"] == "ERROR":
            assert server["fault"]["message"], where
            return
        assert server["status"] in ("ACTIVE", "VERIFY_RESIZE"), where
        assert running, f"{where}: {domains}"
        vcpus = self.service.domain_vcpus(self.server_id)
        assert vcpus == server["flavor"]["vcpus"], where

    def build(self) -> None:
        "A server of this lap; one that the fault has ended is replaced."
        name = new_name()
        body = self.service.request(name)
        self.ask("build", "POST", "/servers", body)
        found = self.service.until(lambda: self.service.try_ask("GET", f"/servers?name={name}"))
        self.service.until(lambda: found.ok or self.service.heal())
        self.server_id = next((s["id"] for s in found.json()["servers"]), "")
        state = self.rest("build") if self.server_id else {}
        if not self.server_id:
            self.deaths.append("build")
        if state.get("status") != "ACTIVE":
            if self.server_id:
                self.delete(faultless=True)
            self.fuse.arm(0)
            made = self.service.until(lambda: self.service.ask("POST", "/servers", body))
            self.server_id = made["server"]["id"]
            assert self.service.calm(self.server_id)["status"] == "ACTIVE"

    def resize(self) -> None:
        "To the larger flavor, and confirmed."
        url = f"/servers/{self.server_id}/action"
        for what, body in (
            ("resize", {"resize": {"flavorRef": "large"}}),
            ("confirm", {"confirmResize": None}),
        ):
            before = self.service.server(self.server_id)
            if what == "confirm" and before["status"] != "VERIFY_RESIZE":
                return
            self.ask(what, "POST", url, body)
            self.rest(what)

    def snapshot(self) -> None:
        "An image that is whole, or none."
        before = set(self.service.images.images)
        url = f"/servers/{self.server_id}/action"
        self.ask("snapshot", "POST", url, {"createImage": {"name": "walk"}})
        assert self.rest("snapshot")["status"] == "ACTIVE"
        images = self.service.images.images

        def whole() -> bool:
            return all(i["status"] == "active" for k, i in list(images.items()) if k not in before)

        self.service.until(whole, 30, f"{self.victim} killed at {self.at}: an image without data")

    def delete(self, *, faultless: bool = False) -> None:
        "Nothing stays."
        url = f"/servers/{self.server_id}"
        if not faultless:
            self.ask("delete", "DELETE", url)
            if self.rest("delete"):
                faultless = True  # the API died before it had accepted the deletion
        if faultless:
            self.service.until(lambda: self.service.try_ask("DELETE", url))
            assert not self.service.calm(self.server_id)
        found: list[str] = []

        def clean() -> bool:
            found[:] = self.service.traces(self.server_id)
            return not found

        self.service.until(clean, 30, f"{self.victim} killed at {self.at}: left is {found}")

    def run(self) -> list[str]:
        "The orders in which somebody died."
        self.build()
        self.resize()
        self.snapshot()
        self.delete()
        return self.deaths


@pytest.fixture(scope="module")
def service(
    hypervisor: Hypervisor,
    images: ImageServer,
    guest_image: ImageSource,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    "The service with an image, two flavors and a network."
    made = Service(tmp_path_factory.mktemp("service"), hypervisor)
    try:
        made.start()
        data = images.images["guest"]
        made.image = made.images.add(size=len(data), os_hash_value=guest_image.hash_value)
        made.images.data[made.image] = data
        made.network = made.networks.add()
        for name, vcpus in (("small", 1), ("large", 2)):
            flavor = {"id": name, "name": name, "ram": 64, "vcpus": vcpus, "disk": 1}
            made.until(lambda flavor=flavor: made.ask("POST", "/flavors", {"flavor": flavor}))
        yield made
    finally:
        made.stop()
        hypervisor.clear()


@pytest.fixture(scope="module")
def bystander(service: Service) -> Iterator[str]:
    "A guest that runs all the time."
    made = service.ask("POST", "/servers", service.request("bystander"))
    server_id = made["server"]["id"]
    assert service.calm(server_id)["status"] == "ACTIVE"
    yield server_id
    service.until(lambda: service.try_ask("DELETE", f"/servers/{server_id}"))
    # the host is that of the tests after these, which count what is on it
    service.until(lambda: not service.traces(server_id), 30, "the bystander does not go")


@pytest.mark.parametrize("victim", COUNTED)
def test_killed_at_every_step(service: Service, bystander: str, victim: str) -> None:
    process = service.qemu(bystander)
    died: dict[int, list[str]] = {}
    for at in STEPS:
        died[at] = Lap(service, victim, at).run()
        assert alive(process) and service.qemu(bystander) == process, "a running guest noticed"
        assert service.server(bystander)["status"] == "ACTIVE"
        if not died[at]:
            break
    print(f"{victim}: {died}")
    assert died[2], "nobody died"
