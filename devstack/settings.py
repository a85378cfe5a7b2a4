"""The files under etc: secrets made once, configuration written again at every `up` from them
and from the machine's facts."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from devstack.paths import Paths
from devstack.programs import Shared

USERS = {"admin": "admin", "demo": "demo", "alt_demo": "alt_demo"}
"People: user name -> project."

SERVICE_TYPES = {
    "identity": [("identity", "keystone", 5000, "/v3")],
    "image": [("image", "glance", 9292, "")],
    "objectstore": [("object-store", "swift", 8080, "/v1/AUTH_%(project_id)s")],
    "network": [("network", "neutron", 9696, "")],
    "compute": [("compute", "nova", 8774, "/v2.1"), ("placement", "placement", 8774, "/placement")],
    "volume": [("block-storage", "cinder", 8776, "/v3")],
}
REGION = "RegionOne"
ROLES = ["admin", "manager", "member", "reader", "service", "ResellerAdmin"]
PUBLIC_CIDR, PUBLIC_GATEWAY = "172.24.4.0/24", "172.24.4.1"
PUBLIC_POOL = ("172.24.4.10", "172.24.4.250")
PUBLIC6_CIDR, PUBLIC6_GATEWAY = "fd4a:17c4:4a4f:ff::/64", "fd4a:17c4:4a4f:ff::1"


@dataclass
class Settings:
    "What the files of one cloud say."

    paths: Paths
    address: str
    shared: Shared
    netdev: bool
    host: str
    secrets: dict[str, str]
    test_cloud: bool

    @property
    def bus_url(self) -> str:
        "Where every process finds the message queue."
        return f"amqp://altostratus:{self.secrets['rabbitmq']}@127.0.0.1:5672/altostratus"

    def url(self, port: int, path: str = "") -> str:
        "A URL of this machine as clients see it."
        return f"http://{self.address}:{port}{path}"


def load_secrets(paths: Paths, names: list[str]) -> dict[str, str]:
    "Passwords by name from etc/secrets.json; missing ones are made. Only root reads the file."
    target = paths.etc / "secrets.json"
    known: dict[str, str] = json.loads(target.read_text()) if target.exists() else {}
    fresh = {
        name: secrets.token_urlsafe(15).replace("-", "x").replace("_", "y")
        for name in names
        if name not in known
    }
    if fresh:
        known |= fresh
        write_private(target, json.dumps(known, indent=1) + "\n")
    return known


def write_private(target: Path, text: str, mode: int = 0o600) -> bool:
    "Write a file at once and whole; whether it has changed."
    if target.exists() and target.read_text() == text:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
        out.write(text)
    os.replace(part, target)
    return True


def make(
    paths: Paths, packages: list[str], *, address: str, shared: Shared, netdev: bool
) -> Settings:
    "Read or make the secrets of a cloud."
    names = [*USERS, *packages, "rabbitmq", "metadata", "session"]
    return Settings(
        paths,
        address,
        shared,
        netdev,
        socket.gethostname(),
        load_secrets(paths, names),
        test_cloud=bool(paths.instance),
    )


def write(settings: Settings, packages: list[str]) -> None:
    "Write every file that our processes and the people read."
    etc = settings.paths.etc
    write_private(etc / "altostratus.conf", shared_conf(settings, packages))
    for package in packages:
        write_private(etc / f"{package}.conf", service_conf(settings, package))
    write_private(
        etc / "bootstrap.json", json.dumps(bootstrap(settings, packages), indent=1) + "\n"
    )
    write_private(etc / "openrc", openrc(settings, "demo"))
    write_private(etc / "openrc-admin", openrc(settings, "admin"))
    write_private(etc / "clouds.yaml", clouds_yaml(settings))


def _ini(sections: dict[str, dict[str, object]]) -> str:
    lines = [
        "# Written by devstack/up; a change here lasts until the next one. Options of yours: any",
        "# file NAME.conf.d/*.conf beside this NAME.conf; it is read after it.",
    ]
    for section, values in sections.items():
        if values:
            lines += ["", f"[{section}]", *(f"{name} = {value}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def shared_conf(settings: Settings, packages: list[str]) -> str:
    "altostratus.conf: what all services read."
    paths = settings.paths
    local = "http://127.0.0.1"
    endpoints: dict[str, object] = {
        "image": f"{local}:9292",
        "network": f"{local}:9696",
        "compute": f"{local}:8774/v2.1",
        "placement": f"{local}:8774/placement",
        "object_store": f"{local}:8080",
    }
    if "volume" in packages:
        endpoints["volume"] = f"{local}:8776/v3"
    return _ini(
        {
            "DEFAULT": {"state_dir": paths.state, "host": settings.host},
            "api": {"bind_host": "0.0.0.0", "workers": 1},  # noqa: S104 the cloud is for the network
            "bus": {"url": settings.bus_url},
            "identity": {"url": f"{local}:5000", "region": REGION},
            "endpoints": endpoints,
            "metadata": {"secret": settings.secrets["metadata"]},
        }
    )


def service_conf(settings: Settings, package: str) -> str:
    "SERVICE.conf: its password and what differs from the defaults."
    sections: dict[str, dict[str, object]] = {
        "identity": {"service_user": package, "service_password": settings.secrets[package]}
    }
    sections |= _own_sections(settings, package)
    return _ini(sections)


def _own_sections(settings: Settings, package: str) -> dict[str, dict[str, object]]:
    ovn = settings.paths.run / "ovn"
    if package == "identity":
        compliance: dict[str, object] = {
            "lockout_failure_attempts": 2,
            "lockout_duration_s": 5,
            "unique_last_password_count": 2,
        }
        return {"security_compliance": compliance if settings.test_cloud else {}}
    if package == "image":
        # The published interoperability tests upload random bytes as every format.
        return {"formats": {"mismatch": "allow"} if settings.test_cloud else {}}
    if package == "network":
        return {
            "ovn": {
                "nb_connection": f"unix:{ovn}/ovnnb_db.sock",
                "sb_connection": f"unix:{ovn}/ovnsb_db.sock",
                "ovs_connection": "unix:/run/openvswitch/db.sock",
            },
            "provider": {"physical_mtu": 1500, "flat_networks": "public"},
            "metadata": {
                "secret": settings.secrets["metadata"],
                "url": "http://127.0.0.1:8775",
                "health_port": 18696,
            },
        }
    if package == "compute":
        return {
            "agent": {"metrics_port": 18775, "host_ip": "127.0.0.1"},
            "conductor": {"metrics_port": 18774},
            "metadata": {"secret": settings.secrets["metadata"], "bind_host": "127.0.0.1"},
            "console": {"base_url": settings.url(6080)},
        }
    if package == "dashboard":
        return {"session": {"secret": settings.secrets["session"]}}
    return {}


def bootstrap(settings: Settings, packages: list[str]) -> dict[str, object]:
    "What identity makes so at every `up`: roles, projects, users, the catalog."
    people: list[dict[str, object]] = [
        {
            "name": "admin",
            "password": settings.secrets["admin"],
            "system_roles": ["admin"],
            "domain_roles": ["admin"],
            "roles": {"admin": ["admin"], "demo": ["admin"]},
        }
    ]
    for name in ("demo", "alt_demo"):
        people.append(
            {"name": name, "password": settings.secrets[name], "roles": {USERS[name]: ["member"]}}
        )
    daemons = [
        {
            "name": package,
            "password": settings.secrets[package],
            "roles": {"service": ["service", "admin"]},
        }
        for package in packages
        if package not in ("identity", "dashboard")
    ]
    catalog = [
        {"type": kind, "name": name, "url": settings.url(port, path)}
        for package in packages
        for kind, name, port, path in SERVICE_TYPES.get(package, [])
    ]
    return {
        "domain": "default",
        "roles": ROLES,
        "projects": ["admin", "demo", "alt_demo", "service"],
        "users": [*people, *daemons],
        "region": REGION,
        "services": catalog,
    }


def openrc(settings: Settings, user: str) -> str:
    "Shell variables of one user, for openstack and its kin."
    return f"""# source this file, then: openstack server list
unset OS_CLOUD OS_TOKEN OS_SYSTEM_SCOPE
export OS_USERNAME={user} OS_PROJECT_NAME={USERS[user]} OS_PASSWORD='{settings.secrets[user]}'
export OS_AUTH_URL={settings.url(5000, "/v3")}
export OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME={REGION} OS_IDENTITY_API_VERSION=3 OS_INTERFACE=public
export PATH="{settings.paths.venv}/bin:$PATH"
"""


def clouds_yaml(settings: Settings) -> str:
    """The clouds that the client suites of the ecosystem expect. JSON is YAML, and needs no
    library to be right."""

    def cloud(user: str, **scope: str) -> dict[str, object]:
        login = {
            "auth_url": settings.url(5000, "/v3"),
            "username": user,
            "password": settings.secrets[user],
            "user_domain_name": "Default",
            **scope,
        }
        return {"auth": login, "region_name": REGION, "identity_api_version": "3"}

    def in_project(user: str) -> dict[str, object]:
        return cloud(user, project_name=USERS[user], project_domain_name="Default")

    clouds = {
        "devstack-admin": in_project("admin"),
        "devstack-system-admin": cloud("admin", system_scope="all"),
        "devstack": in_project("demo"),
        "devstack-alt": in_project("alt_demo"),
    }
    return json.dumps({"clouds": clouds}, indent=2) + "\n"


def rabbitmq_files(settings: Settings) -> None:
    "Configuration of our own RabbitMQ: loopback only, our user and vhost from a definitions file."
    etc = settings.paths.etc
    definitions = {
        "vhosts": [{"name": "altostratus"}],
        "users": [
            {
                "name": "altostratus",
                "tags": ["administrator"],
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "password_hash": rabbit_hash(settings.secrets["rabbitmq"]),
            }
        ],
        "permissions": [
            {
                "user": "altostratus",
                "vhost": "altostratus",
                "configure": ".*",
                "write": ".*",
                "read": ".*",
            }
        ],
    }
    write_private(etc / "rabbitmq-definitions.json", json.dumps(definitions, indent=1) + "\n")
    write_private(
        etc / "rabbitmq.conf",
        "\n".join(
            [
                "listeners.tcp.1 = 127.0.0.1:5672",
                f"load_definitions = {etc}/rabbitmq-definitions.json",
                "vm_memory_high_watermark.absolute = 512MB",
                "disk_free_limit.absolute = 200MB",
                "log.console = true",
                "log.console.level = info",
                "log.file = false",
                "distribution.listener.interface = 127.0.0.1",
                "",
            ]
        ),
    )
    write_private(etc / "rabbitmq-plugins", "[].\n")
    write_private(etc / "rabbitmq-env.conf", "# nothing: supervisor sets the environment\n")


def rabbit_hash(password: str) -> str:
    """RabbitMQ's salted SHA-256, with a salt that the password determines, so that the file does
    not change at every run."""
    salt = hashlib.sha256(b"altostratus" + password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def libvirt_files(settings: Settings) -> None:
    "Configuration of our own libvirtd and virtlogd."
    folder = settings.paths.etc / "libvirt"
    uuid_file = settings.paths.state / "libvirt-host-uuid"
    if not uuid_file.exists():
        import uuid

        write_private(uuid_file, f"{uuid.uuid4()}\n")
    write_private(
        folder / "libvirtd.conf",
        "\n".join(
            [
                f'host_uuid = "{uuid_file.read_text().strip()}"',
                "listen_tls = 0",
                "listen_tcp = 0",
                'auth_unix_rw = "none"',
                'auth_unix_ro = "none"',
                'unix_sock_rw_perms = "0700"',
                'log_outputs = "3:stderr"',
                "",
            ]
        ),
    )
    write_private(folder / "virtlogd.conf", 'log_outputs = "3:stderr"\n')
    write_private(
        folder / "qemu.conf",
        "\n".join(
            [
                'security_driver = "none"',
                "namespaces = []",
                'user = "root"',
                'group = "root"',
                "dynamic_ownership = 0",
                "remember_owner = 0",
                'vnc_listen = "127.0.0.1"',
                'stdio_handler = "logd"',
                "",
            ]
        ),
    )
