"""A cloud made by devstack/up; these tests run inside its namespaces (devstack/run)."""

import subprocess
import time
import uuid
from pathlib import Path

import pytest

from devstack import programs, seed
from devstack.paths import Paths
from devstack.supervision import Supervisor

pytestmark = pytest.mark.cloud


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cloud)
            item.add_marker(pytest.mark.timeout(900))


class Cloud:
    "What the tests ask of the cloud, besides its APIs."

    def __init__(self):
        self.paths = Paths.of()
        self.keeper = Supervisor(self.paths)
        self.admin = seed.connect(self.paths, "devstack-admin")
        self.demo = seed.connect(self.paths, "devstack")
        self.key = self.paths.etc / "demo_key"

    def boot(self, **more):
        "Ask for a server on the demo network; does not wait."
        demo = self.demo
        return demo.compute.create_server(
            name=f"e2e-{uuid.uuid4().hex[:8]}",
            flavor_id=demo.compute.find_flavor("t1.nano", ignore_missing=False).id,
            image_id=demo.image.find_image(seed.IMAGE, ignore_missing=False).id,
            networks=[{"uuid": demo.network.find_network(seed.NETWORK).id}],
            key_name=seed.KEY,
            **more,
        )

    def settled(self, server, timeout_s=240):
        "The server once it is ACTIVE or ERROR; it may not stay anything else."

        def done():
            found = patient(lambda: self.demo.compute.get_server(server))
            return found if found.status in ("ACTIVE", "ERROR") else None

        return until(done, timeout_s, "the server is neither ACTIVE nor ERROR")

    def delete(self, server):
        "Delete and wait until it is gone."
        patient(lambda: self.demo.compute.delete_server(server, ignore_missing=True))
        until(
            lambda: (
                not patient(lambda: [s for s in self.demo.compute.servers() if s.id == server.id])
            ),
            180,
            "the server does not go",
        )

    def traces(self, server_id):
        "Whatever the node, the network and the accounting still hold of a server."
        found = []
        listed = subprocess.run(
            ["virsh", "-q", "-c", "qemu:///system", "list", "--all", "--uuid"],
            capture_output=True,
            text=True,
            check=True,
        )
        if server_id in listed.stdout:
            found.append("domain")
        if (self.paths.state / "compute/instances" / server_id).exists():
            found.append("disk")
        if list(self.admin.network.ports(device_id=server_id)):
            found.append("port")
        answer = self.admin.session.get(
            f"/allocations/{server_id}",
            endpoint_filter={"service_type": "placement", "interface": "public"},
            raise_exc=False,
        )
        if answer.status_code == 200 and answer.json()["allocations"]:
            found.append("claim")
        return found

    def waiting_messages(self):
        "Messages that nobody has taken, by queue. NotFound: there is no queue of new work."
        import socket

        from amqp.exceptions import NotFound
        from kombu import Connection
        from oslo_config import cfg

        conf = cfg.ConfigOpts()
        conf.register_opts([cfg.StrOpt("url")], group="bus")
        conf([], default_config_files=[str(self.paths.etc / "altostratus.conf")])
        found = {}
        for queue in ("compute.work", "compute.reports", f"compute.agent.{socket.gethostname()}"):
            with Connection(conf.bus.url) as connection:
                try:
                    asked = connection.channel().queue_declare(queue, passive=True)
                except NotFound:
                    if queue == "compute.work":
                        raise
                    continue
            if asked.message_count:
                found[queue] = asked.message_count
        return found

    def wait_well(self, timeout_s=120):
        "Until every process of the cloud answers."
        from devstack.up import healthy

        def well():
            states = self.keeper.states()
            return all(
                states[p.name]["statename"] == "RUNNING" and not healthy(p)
                for p in programs.services()
                if p.name in states
            )

        until(well, timeout_s, "not every process came back")


def until(ready, timeout_s, what):
    "Poll until `ready()` gives something true; that."
    deadline = time.monotonic() + timeout_s
    while True:
        found = ready()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} after {timeout_s} s"
        time.sleep(0.5)


def patient(call, timeout_s=90):
    "The answer of an API whose process may be starting again at this moment."
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import HttpException, SDKException

    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return call()
        except (ClientException, HttpException, SDKException) as error:
            code = getattr(error, "status_code", None) or getattr(error, "http_status", None)
            away = code is None or code >= 500
            if not away or time.monotonic() > deadline:
                raise
        time.sleep(0.5)


@pytest.fixture(scope="session")
def cloud():
    found = Cloud()
    assert found.keeper.alive(), (
        "start the cloud (devstack/up) and run this inside it (devstack/run)"
    )
    return found
