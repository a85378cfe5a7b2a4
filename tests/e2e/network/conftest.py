"One rig for the run: two hosts, OVN, the API process, the metadata agents."

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network.fabric import OUTSIDE_V4, OUTSIDE_V6, Fabric
from tests.e2e.network.guests import Cloud
from tests.e2e.network.service import ComputeMetadata, MetadataAgent, Service


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    "Two hosts and OVN."
    if os.geteuid() != 0 or shutil.which("ovn-northd") is None:
        pytest.skip("needs root and OVN to make hosts of its own")
    made = Fabric(tmp_path_factory.mktemp("ovn"))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="session")
def service(fabric: Fabric, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    "The API process on this OVN."
    made = Service(tmp_path_factory.mktemp("network"), fabric.nb, fabric.sb)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def external(service: Service) -> dict:
    "The network that leads outside, IPv4 and IPv6."
    wish = {"provider:network_type": "flat", "provider:physical_network": "public"}
    made = service.make("network", name="public", **{"router:external": True}, **wish)
    for cidr, gateway in (("172.24.4.0/24", OUTSIDE_V4), ("2001:db8:24::/64", OUTSIDE_V6)):
        version = 6 if ":" in cidr else 4
        wish = {"network_id": made["id"], "cidr": cidr, "ip_version": version}
        service.make("subnet", **wish, gateway_ip=gateway, enable_dhcp=False)
    return made


@pytest.fixture(scope="session")
def metadata(fabric: Fabric) -> Iterator[dict[str, MetadataAgent]]:
    "A metadata agent on each host, and what it forwards to."
    compute = [ComputeMetadata(host) for host in fabric.hosts.values()]
    agents = {name: MetadataAgent(host, fabric).start() for name, host in fabric.hosts.items()}
    try:
        yield agents
    finally:
        for stoppable in (*agents.values(), *compute):
            stoppable.stop()


@pytest.fixture
def cloud(fabric: Fabric, service: Service, external: dict) -> Iterator[Cloud]:
    "What the test makes is taken away after it."
    made = Cloud(fabric, service, external)
    try:
        yield made
    finally:
        made.close()
