"""What a fresh cloud holds: flavors, image, networks, a key, the first server. All through the
APIs, as any client would; each function leaves alone what is there already."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
from openstack.config import OpenStackConfig

from devstack.paths import Paths
from devstack.progress import Refused, step
from devstack.settings import (
    PUBLIC6_CIDR,
    PUBLIC6_GATEWAY,
    PUBLIC_CIDR,
    PUBLIC_GATEWAY,
    PUBLIC_POOL,
    Settings,
)

IMAGE, FIRST, KEY, NETWORK, PUBLIC = "alto-tiny", "first", "demo", "demo", "public"
USER = "alto"
AUTO_POOL, AUTO_CIDR = "auto", "10.128.0.0/16"
FLAVORS = {
    "t1.nano": (128, 1, 1),
    "t1.micro": (192, 1, 1),
    "m1.tiny": (512, 1, 2),
    "m1.small": (2048, 10, 1),
    "m1.medium": (4096, 20, 2),
    "m1.large": (8192, 40, 4),
}
"name -> memory MiB, disk GiB, processors."
ABOUT = {
    "debian-12": {"os_distro": "debian", "os_version": "12", "min_disk": 2, "min_ram": 512},
}
"What the image service is told of an image; one that is not named here is the tiny guest."
TINY = {"os_distro": "altostratus", "min_disk": 1, "min_ram": 96}
BOOT_WAIT_S = 300


@dataclass
class Result:
    "What the card shows."

    server: str
    floating_ip: str
    key_file: Path
    console_tail: str


def connect(paths: Paths, cloud: str) -> Any:
    "A connection of openstacksdk as one of the clouds of clouds.yaml."
    config = OpenStackConfig(config_files=[str(paths.etc / "clouds.yaml")], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(cloud=cloud))


def everything(settings: Settings, image_file: Path) -> Result:
    "Seed the cloud and see its first server answer."
    admin, demo = connect(settings.paths, "devstack-admin"), connect(settings.paths, "devstack")
    with step("Flavors"):
        flavors(admin)
    with step("Images") as shown:
        names = [IMAGE, f"{IMAGE}-alt"] if settings.test_cloud else [IMAGE]
        shown.result = ", ".join(f"{name} {image(admin, name, image_file)}" for name in names)
    with step("Networks"):
        public_network(admin)
        automatic_networks(admin)
        demo_network(demo)
        open_ssh(demo)
    with step("Key"):
        key_file = keypair(demo, settings.paths)
    with step("Compute host"):
        wait_host(admin)
    with step("First server") as shown:
        server, address = first_server(demo)
        shown.result = f"{server.name} {server.status}, {address}"
    with step("ssh to it") as shown:
        name = wait_ssh(key_file, address)
        shown.result = f"host name {name}"
    log = (demo.compute.get_server_console_output(server, length=5) or {}).get("output", "")
    return Result(server.name, address, key_file, log)


def flavors(admin: Any) -> None:
    "The sizes; existing ones stay as somebody may have changed them."
    have = {flavor.name for flavor in admin.compute.flavors(is_public=None)}
    for name, (ram, disk, vcpus) in FLAVORS.items():
        if name not in have:
            admin.compute.create_flavor(name=name, ram=ram, disk=disk, vcpus=vcpus)


def image(admin: Any, name: str, source: Path) -> str:
    "A public image with the bytes of `source`; an older build of it is replaced. What was done."
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    for found in list(admin.image.images(name=name)):
        if (
            found.status == "active"
            and found.hash_value
            and found.hash_algo == "sha256"
            and found.hash_value == digest
        ):
            return "is there"
        if found.status == "active" and found.properties.get("altostratus_sha256") == digest:
            return "is there"
        admin.image.delete_image(found)
    new = admin.image.create_image(
        name,
        filename=str(source),
        disk_format="qcow2",
        container_format="bare",
        visibility="public",
        wait=True,
        validate_checksum=False,
        altostratus_sha256=digest,
        hw_rng_model="virtio",
        hw_qemu_guest_agent="yes",
        **ABOUT.get(name, TINY),
    )
    got = admin.image.get_image(new)
    if got.status != "active":
        raise Refused(f"Image {name} is {got.status} after its upload.")
    return "uploaded"


def public_network(admin: Any) -> None:
    "The network of floating IPs, on the machine's bridge."
    network = admin.network.find_network(
        PUBLIC, is_router_external=True
    ) or admin.network.create_network(
        name=PUBLIC,
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="public",
        is_shared=False,
    )
    have = {subnet.ip_version for subnet in admin.network.subnets(network_id=network.id)}
    if 4 not in have:
        admin.network.create_subnet(
            name=f"{PUBLIC}-v4",
            network_id=network.id,
            ip_version=4,
            cidr=PUBLIC_CIDR,
            gateway_ip=PUBLIC_GATEWAY,
            is_dhcp_enabled=False,
            allocation_pools=[{"start": PUBLIC_POOL[0], "end": PUBLIC_POOL[1]}],
        )
    if 6 not in have:
        admin.network.create_subnet(
            name=f"{PUBLIC}-v6",
            network_id=network.id,
            ip_version=6,
            cidr=PUBLIC6_CIDR,
            gateway_ip=PUBLIC6_GATEWAY,
            is_dhcp_enabled=False,
        )


def automatic_networks(admin: Any) -> None:
    """What a network for a project without one is made of (`openstack server create --nic auto`):
    the default external network, and a pool of addresses that everybody may use."""
    public = admin.network.find_network(PUBLIC, ignore_missing=False)
    if not public.is_default:
        admin.network.update_network(public, is_default=True)
    if admin.network.find_subnet_pool(AUTO_POOL) is None:
        admin.network.create_subnet_pool(
            name=AUTO_POOL,
            prefixes=[AUTO_CIDR],
            default_prefixlen=26,
            is_shared=True,
            is_default=True,
        )


def demo_network(demo: Any) -> None:
    "The demo project's network and its router to the public one."
    network = demo.network.find_network(NETWORK) or demo.network.create_network(name=NETWORK)
    subnet = next(iter(demo.network.subnets(network_id=network.id, ip_version=4)), None)
    if subnet is None:
        subnet = demo.network.create_subnet(
            name=NETWORK, network_id=network.id, ip_version=4, cidr="10.0.0.0/24"
        )
    router = demo.network.find_router(NETWORK) or demo.network.create_router(name=NETWORK)
    if not router.external_gateway_info:
        public = demo.network.find_network(PUBLIC)
        demo.network.update_router(router, external_gateway_info={"network_id": public.id})
    ports = demo.network.ports(device_id=router.id, network_id=network.id)
    if not any(fixed["subnet_id"] == subnet.id for port in ports for fixed in port.fixed_ips):
        demo.network.add_interface_to_router(router, subnet_id=subnet.id)


def open_ssh(demo: Any) -> None:
    "ping and ssh into the demo project's default security group."
    group = demo.network.find_security_group("default", ignore_missing=False)
    rules = {
        (rule.direction, rule.ether_type, rule.protocol, rule.port_range_min, rule.remote_ip_prefix)
        for rule in demo.network.security_group_rules(security_group_id=group.id)
    }
    for protocol, port in (("icmp", None), ("tcp", 22)):
        wanted = ("ingress", "IPv4", protocol, port, "0.0.0.0/0")
        if wanted not in rules and (*wanted[:4], None) not in rules:
            demo.network.create_security_group_rule(
                security_group_id=group.id,
                direction="ingress",
                ether_type="IPv4",
                protocol=protocol,
                port_range_min=port,
                port_range_max=port,
                remote_ip_prefix="0.0.0.0/0",
            )


def keypair(demo: Any, paths: Paths) -> Path:
    "An ed25519 key pair: the private half in etc, the public one at compute."
    private = paths.etc / "demo_key"
    if not private.exists():
        private.unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "demo", "-f", str(private)],
            check=True,
        )
    public = private.with_suffix(".pub").read_text().strip()
    found = demo.compute.find_keypair(KEY)
    if found is not None and found.public_key.split()[:2] != public.split()[:2]:
        demo.compute.delete_keypair(found)
        found = None
    if found is None:
        demo.compute.create_keypair(name=KEY, public_key=public)
    return private


def wait_host(admin: Any, patience_s: int = 240) -> None:
    "Return when a compute host has reported. An agent that came before the conductor tries again."
    end = time.monotonic() + patience_s
    while not any(s.state == "up" for s in admin.compute.services(binary="nova-compute")):
        if time.monotonic() > end:
            raise Refused("No compute host reports: devstack/logs compute-agent")
        time.sleep(1)


def first_server(demo: Any) -> tuple[Any, str]:
    "The server `first`, running, and its floating IP."
    server = next((s for s in demo.compute.servers(name=f"^{FIRST}$")), None)
    if server is not None and server.status == "ERROR":
        demo.compute.delete_server(server)
        demo.compute.wait_for_delete(server, wait=60)
        server = None
    if server is None:
        server = demo.compute.create_server(
            name=FIRST,
            flavor_id=demo.compute.find_flavor("t1.nano", ignore_missing=False).id,
            image_id=demo.image.find_image(IMAGE, ignore_missing=False).id,
            key_name=KEY,
            config_drive=True,
            networks=[{"uuid": demo.network.find_network(NETWORK, ignore_missing=False).id}],
        )
    server = demo.compute.get_server(server)
    if server.status == "SHUTOFF":
        demo.compute.start_server(server)
    try:
        server = demo.compute.wait_for_server(server, wait=BOOT_WAIT_S, interval=1)
    except openstack.exceptions.SDKException as failed:
        fault = demo.compute.get_server(server).fault or {}
        raise Refused(
            f"The first server did not start: {fault.get('message') or failed}"
        ) from failed
    return server, floating_ip(demo, server)


def floating_ip(demo: Any, server: Any) -> str:
    "The floating IP of the server's first port; one is made if it has none."
    port = next(iter(demo.network.ports(device_id=server.id)), None)
    if port is None:
        raise Refused(f"Server {server.name} has no port.")
    there = next(iter(demo.network.ips(port_id=port.id)), None)
    if there is None:
        public = demo.network.find_network(PUBLIC, ignore_missing=False)
        there = demo.network.create_ip(floating_network_id=public.id, port_id=port.id)
    return str(there.floating_ip_address)


def ssh(
    key_file: Path, address: str, command: str, timeout_s: float = 15
) -> subprocess.CompletedProcess[str]:
    """Run a command in a guest as its user; keys only, host keys are new at every boot of a new
    server."""
    return subprocess.run(
        [
            "ssh",
            "-i",
            str(key_file),
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=3",
            "-o",
            "LogLevel=ERROR",
            f"{USER}@{address}",
            command,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        env={"PATH": os.environ["PATH"], "HOME": "/root"},
    )


def wait_ssh(key_file: Path, address: str) -> str:
    "Until the guest takes the key; its host name. Raises Refused with ssh's words."
    deadline = time.monotonic() + BOOT_WAIT_S
    said = ""
    while time.monotonic() < deadline:
        try:
            done = ssh(key_file, address, "hostname")
        except subprocess.TimeoutExpired:
            said = "no answer"
            continue
        if done.returncode == 0:
            return done.stdout.strip()
        said = done.stderr.strip()
        time.sleep(0.5)
    raise Refused(f"ssh {USER}@{address} does not work: {said}. openstack console log show {FIRST}")
