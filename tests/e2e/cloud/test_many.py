"""Twenty servers at once, made, used and deleted; and how long one takes to be ACTIVE beside what
QEMU itself takes to start."""

import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from compute.agent.drivers.libvirt.domain import domain_name
from tests.e2e.cloud.conftest import patient, until

MANY = 20
BOOTED = "login:"


@pytest.fixture
def room(cloud):
    "Quota of the demo project and processors of the host for them all; as it was afterwards."
    admin, project = cloud.admin, cloud.demo.current_project_id
    wanted = {"instances": MANY + 5, "cores": 2 * MANY + 10, "ram": 51200}
    before = admin.compute.get_quota_set(project)
    admin.compute.update_quota_set(project, **wanted)
    ratio = oversell(admin, 32.0)
    yield
    for server in cloud.demo.compute.servers(details=False):
        if server.name.startswith("e2e-"):
            cloud.delete(server)
    admin.compute.update_quota_set(project, **{name: before[name] for name in wanted})
    oversell(admin, ratio)


def oversell(admin, ratio):
    "Sell each processor of the host `ratio` times, as an operator does; what it was."
    about = {"service_type": "placement", "interface": "public"}
    (host,) = admin.session.get("/resource_providers", endpoint_filter=about).json()[
        "resource_providers"
    ]
    url = f"/resource_providers/{host['uuid']}/inventories/VCPU"
    inventory = admin.session.get(url, endpoint_filter=about).json()
    changed = {**inventory, "allocation_ratio": ratio}
    admin.session.put(url, json=changed, endpoint_filter=about)
    return inventory["allocation_ratio"]


def taps():
    "Interfaces of guests on the integration bridge."
    listed = subprocess.run(
        ["ovs-vsctl", "list-ports", "br-int"], capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.split() if name.startswith("tap")}


def test_twenty_servers_at_once_leave_nothing_behind(cloud, room):
    cloud.wait_well()
    before = taps()

    def life(_):
        "From POST to the login prompt, a restart of the guest, and away; its id."
        server = patient(lambda: cloud.boot())
        found = cloud.settled(server, 300)
        assert found.status == "ACTIVE", found.fault
        assert len(found.addresses) == 1
        until(lambda: booted(server) >= 1, 600, f"{server.name} has not booted")
        cloud.demo.compute.reboot_server(server, "HARD")
        until(lambda: booted(server) >= 2 and up(server), 600, f"{server.name} has not rebooted")
        return server

    def booted(server):
        log = patient(lambda: cloud.demo.compute.get_server_console_output(server, length=None))
        return log["output"].count(BOOTED)

    def up(server):
        found = patient(lambda: cloud.demo.compute.get_server(server))
        assert found.status != "ERROR", found.fault
        return found.status == "ACTIVE" and found.task_state is None

    with ThreadPoolExecutor(MANY) as pool:
        servers = list(pool.map(life, range(MANY)))
        addresses = [
            a["addr"]
            for server in servers
            for nets in cloud.demo.compute.get_server(server).addresses.values()
            for a in nets
        ]
        assert len(set(addresses)) == len(addresses) >= MANY, "an address was given twice"
        list(pool.map(cloud.delete, servers))
    for server in servers:
        until(lambda s=server: not cloud.traces(s.id), 90, "something of the server is left")
    until(lambda: taps() <= before, 30, f"interfaces are left: {taps() - before}")
    until(lambda: not cloud.waiting_messages(), 30, "messages are left in the queues")


def test_a_server_is_active_two_seconds_after_what_qemu_takes(cloud):
    cloud.wait_well()
    takes, qemu = [], []
    for _ in range(5):
        began = time.monotonic()
        server = cloud.boot()
        while cloud.demo.compute.get_server(server).status == "BUILD":
            time.sleep(0.05)
        takes.append(time.monotonic() - began)
        assert cloud.settled(server).status == "ACTIVE"
        name = domain_name(server.id)
        virsh("destroy", name)
        began = time.monotonic()
        virsh("start", name)
        qemu.append(time.monotonic() - began)
        cloud.delete(server)
    print(f"POST to ACTIVE {sorted(takes)}, virsh start {sorted(qemu)}")
    assert statistics.median(takes) < 2 + statistics.median(qemu)


def virsh(*command):
    "On the node's libvirt."
    done = subprocess.run(
        ["virsh", "-q", "-c", "qemu:///system", *command], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
