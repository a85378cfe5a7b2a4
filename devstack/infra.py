"""The daemons below our services: their databases and folders before the start, readiness and
wiring after it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from devstack import machine
from devstack.programs import OVS_RUN
from devstack.progress import Refused
from devstack.settings import PUBLIC6_CIDR, PUBLIC6_GATEWAY, PUBLIC_CIDR, PUBLIC_GATEWAY, Settings

BRIDGE = "br-ex"
_SCHEMAS = {
    "openvswitch/conf.db": "/usr/share/openvswitch/vswitch.ovsschema",
    "ovn/nb.db": "/usr/share/ovn/ovn-nb.ovsschema",
    "ovn/sb.db": "/usr/share/ovn/ovn-sb.ovsschema",
}


def call(*command: str, text: str | None = None, timeout_s: float = 60) -> str:
    "Run a program; its output. Raises Refused with what it said."
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired as late:
        raise Refused(f"{' '.join(command)}: no answer after {timeout_s:.0f} s") from late
    if done.returncode:
        raise Refused(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
    return done.stdout


def wait_for(what: str, ready: Callable[[], bool], timeout_s: float) -> None:
    "Poll until it is so. Raises Refused after `timeout_s`."
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            raise Refused(f"{what} after {timeout_s:.0f} s; its log: devstack/logs")
        time.sleep(0.2)


def folders(settings: Settings) -> None:
    "Folders and empty databases."
    paths = settings.paths
    for folder in (
        paths.etc,
        paths.state,
        paths.log,
        paths.run,
        paths.run / "ovn",
        paths.state / "rabbitmq",
        paths.state / "openvswitch",
        paths.state / "ovn",
        OVS_RUN,
        Path("/run/libvirt"),
        paths.etc / "libvirt",
    ):
        folder.mkdir(parents=True, exist_ok=True)
    for name, schema in _SCHEMAS.items():
        database = paths.state / name
        if not database.exists():
            call("ovsdb-tool", "create", str(database), schema)


def edge_environment() -> dict[str, str]:
    "What edge.sh keeps on the bridge."
    prefix, prefix6 = PUBLIC_CIDR.split("/")[1], PUBLIC6_CIDR.split("/")[1]
    return {"EDGE_ADDRESSES": f"{PUBLIC_GATEWAY}/{prefix} {PUBLIC6_GATEWAY}/{prefix6}"}


def wait_bus(settings: Settings) -> None:
    "Until RabbitMQ takes our login."
    import kombu

    def ready() -> bool:
        try:
            with kombu.Connection(settings.bus_url, connect_timeout=3) as connection:
                connection.connect()
            return True
        except Exception:  # whatever the broker or the socket says: not yet
            return False

    wait_for("RabbitMQ does not take our login", ready, 120)


def ensure_bus_account(settings: Settings) -> None:
    "Vhost and user in a RabbitMQ that runs already."
    from contextlib import suppress

    with suppress(Refused):  # they may be there
        call("rabbitmqctl", "-q", "add_vhost", "altostratus")
    with suppress(Refused):
        call("rabbitmqctl", "-q", "add_user", "altostratus", settings.secrets["rabbitmq"])
    call("rabbitmqctl", "-q", "change_password", "altostratus", settings.secrets["rabbitmq"])
    call(
        "rabbitmqctl", "-q", "set_permissions", "-p", "altostratus", "altostratus", ".*", ".*", ".*"
    )


def wire_switch(settings: Settings) -> None:
    "Bridges and what ovn-controller reads from the local database; changes nothing that is right."
    datapath = "netdev" if settings.netdev else "system"
    run = settings.paths.run / "ovn"
    wait_for("Open vSwitch's database does not answer", _switch_answers, 30)
    call("ovs-vsctl", "--no-wait", "init")
    ids = {
        "system-id": settings.host,
        "hostname": settings.host,
        "ovn-remote": f"unix:{run}/ovnsb_db.sock",
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": "127.0.0.1",
        "ovn-bridge": "br-int",
        "ovn-bridge-datapath-type": datapath,
        "ovn-bridge-mappings": f"public:{BRIDGE}",
        "ovn-monitor-all": "true",
        "ovn-cms-options": "enable-chassis-as-gw",
    }
    call(
        "ovs-vsctl",
        "set",
        "Open_vSwitch",
        ".",
        *(f'external-ids:{key}="{value}"' for key, value in ids.items()),
    )
    call(
        "ovs-vsctl",
        "--may-exist",
        "add-br",
        BRIDGE,
        "--",
        "set",
        "bridge",
        BRIDGE,
        f"datapath_type={datapath}",
    )


def _switch_answers() -> bool:
    return (
        subprocess.run(
            ["ovs-vsctl", "--timeout=2", "--no-wait", "get", "Open_vSwitch", ".", "_uuid"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


def wait_network(settings: Settings) -> None:
    """Until the bridges are there, the public one has its address and OVN has registered this
    machine."""

    def chassis() -> bool:
        done = subprocess.run(
            [
                "ovn-sbctl",
                "--timeout=3",
                f"--db=unix:{settings.paths.run}/ovn/ovnsb_db.sock",
                "--bare",
                "--columns=name",
                "list",
                "chassis",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return settings.host in done.stdout.split()

    def address() -> bool:
        done = subprocess.run(
            ["ip", "-4", "-o", "addr", "show", "dev", BRIDGE],
            capture_output=True,
            text=True,
            check=False,
        )
        return PUBLIC_GATEWAY in done.stdout

    wait_for("OVN has not registered this machine", chassis, 60)
    wait_for(f"{BRIDGE} has no address", address, 30)


def wait_libvirt() -> None:
    "Until libvirtd answers; its first start looks at every QEMU program."

    def ready() -> bool:
        return (
            subprocess.run(
                ["virsh", "-q", "-c", "qemu:///system", "version"],
                capture_output=True,
                check=False,
                timeout=60,
            ).returncode
            == 0
        )

    wait_for("libvirtd does not answer", ready, 120)


def translate_addresses() -> str:
    """Let servers reach the world where this machine has a way there; matches their subnet
    alone. What was done."""
    route = machine.default_route()
    call("nft", "-f", "-", text="table ip altostratus\ndelete table ip altostratus\n")
    if route is None:
        return "no default route: servers stay inside"
    forward = Path("/proc/sys/net/ipv4/ip_forward")
    if forward.read_text().strip() != "1":
        forward.write_text("1\n")
    call(
        "nft",
        "-f",
        "-",
        text=f"""table ip altostratus {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {PUBLIC_CIDR} ip daddr != {PUBLIC_CIDR} oifname "{route[0]}" masquerade
  }}
}}
""",
    )
    return f"servers reach the world by {route[0]}"
