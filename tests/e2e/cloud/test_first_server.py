"What devstack/up promises of its first server, and of a second run."

import re
import subprocess

from devstack import seed
from devstack.paths import REPO
from devstack.status import LIMIT_MIB


def test_first_server_is_reached_by_its_name_with_the_demo_key(cloud):
    server = next(s for s in cloud.demo.compute.servers(details=True) if s.name == seed.FIRST)
    assert server.status == "ACTIVE"
    address = seed.floating_ip(cloud.demo, server)
    done = seed.ssh(cloud.key, address, "hostname; df -m / | tail -n 1; id -un")
    assert done.returncode == 0, done.stderr
    name, disk, user = done.stdout.strip().splitlines()
    assert name == seed.FIRST
    assert user == seed.USER
    assert int(disk.split()[1]) > 900  # the file system fills the flavor's disk


def test_password_does_not_open_ssh(cloud):
    server = next(s for s in cloud.demo.compute.servers(details=True) if s.name == seed.FIRST)
    address = seed.floating_ip(cloud.demo, server)
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    done = subprocess.run(
        ["ssh", *options, "-o", "PubkeyAuthentication=no", "-v", f"alto@{address}", "true"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=30,
    )
    assert done.returncode != 0
    offered = [x for x in done.stderr.splitlines() if "can continue:" in x]
    assert offered and all("password" not in x for x in offered)


def test_console_log_shows_the_boot(cloud):
    server = next(s for s in cloud.demo.compute.servers(details=True) if s.name == seed.FIRST)
    log = cloud.demo.compute.get_server_console_output(server)["output"]
    assert "ssh answers" in log


def test_the_control_plane_weighs_what_status_promises(cloud):
    done = subprocess.run(
        [str(REPO / "devstack/status")], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"Control plane: (\d+) MiB of PSS \(limit (\d+)\)", done.stdout)
    assert found and int(found[1]) < int(found[2]) == LIMIT_MIB, done.stdout


def test_second_up_changes_nothing_that_is_right(cloud):
    before = {name: info["pid"] for name, info in cloud.keeper.states().items()}
    servers = {s.id: s.status for s in cloud.demo.compute.servers(details=True)}
    done = subprocess.run(
        [str(REPO / "devstack/up")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: info["pid"] for name, info in cloud.keeper.states().items()} == before
    assert {s.id: s.status for s in cloud.demo.compute.servers(details=True)} == servers
