"What the stand-in knows at its start: three people, two projects, a small cloud."

from __future__ import annotations

import time
import uuid
from typing import Any


def new_id() -> str:
    "A UUID."
    return str(uuid.uuid4())


def now() -> str:
    "Now, as the APIs print it."
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class World:
    "Everything, in plain dictionaries."

    def __init__(self) -> None:
        self.url = ""
        self.tokens: dict[str, dict[str, Any]] = {}
        self.domain = {"id": "default", "name": "Default"}
        self.projects = {
            name: {
                "id": uuid.uuid5(uuid.NAMESPACE_DNS, name).hex,
                "name": name,
                "domain_id": "default",
                "enabled": True,
                "description": "",
            }
            for name in ("admin", "demo", "other")
        }
        self.users = {}
        self.grants: list[tuple[str, str, str]] = []
        self.roles = {
            name: {"id": uuid.uuid5(uuid.NAMESPACE_URL, name).hex, "name": name}
            for name in ("admin", "manager", "member", "reader")
        }
        for name, project, roles in (
            ("admin", "admin", ("admin", "manager", "member", "reader")),
            ("admin", "demo", ("admin", "manager", "member", "reader")),
            ("demo", "demo", ("member", "reader")),
            ("demo", "other", ("member", "reader")),
            ("viewer", "demo", ("reader",)),
        ):
            self.users.setdefault(
                name,
                {
                    "id": uuid.uuid5(uuid.NAMESPACE_DNS, "user" + name).hex,
                    "name": name,
                    "domain_id": "default",
                    "enabled": True,
                    "password": "secret",
                    "totp": "",
                },
            )
            self.grants += [(name, project, role) for role in roles]
        self.credentials: dict[str, dict[str, Any]] = {}
        self.ec2: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.flavors: dict[str, dict[str, Any]] = {}
        self.servers: dict[str, dict[str, Any]] = {}
        self.keypairs: dict[str, dict[str, Any]] = {}
        self.actions: dict[str, list[dict[str, Any]]] = {}
        self.aggregates: dict[int, dict[str, Any]] = {}
        self.services = [
            {
                "id": new_id(),
                "binary": "nova-compute",
                "host": f"node{i}",
                "zone": "nova",
                "status": "enabled",
                "state": "up",
                "updated_at": now(),
                "disabled_reason": None,
                "forced_down": False,
            }
            for i in (1, 2)
        ]
        self.network: dict[str, dict[str, dict[str, Any]]] = {
            k: {}
            for k in (
                "networks",
                "subnets",
                "ports",
                "routers",
                "security_groups",
                "security_group_rules",
                "floatingips",
            )
        }
        self.containers: dict[str, dict[str, tuple[bytes, str, dict[str, str]]]] = {}
        self.console_url = "ws://127.0.0.1:1/?token=none"
        self.consoles: dict[str, str] = {}
        self._fill()

    def _fill(self) -> None:
        demo = self.projects["demo"]["id"]
        for number, (name, vcpus, ram, disk) in enumerate(
            (("m1.tiny", 1, 256, 1), ("m1.small", 1, 2048, 20), ("m1.large", 4, 8192, 80)), 1
        ):
            self.flavors[str(number)] = {
                "id": str(number),
                "name": name,
                "vcpus": vcpus,
                "ram": ram,
                "disk": disk,
                "swap": 0,
                "rxtx_factor": 1.0,
                "OS-FLV-EXT-DATA:ephemeral": 0,
                "os-flavor-access:is_public": True,
                "extra_specs": {},
                "description": None,
                "OS-FLV-DISABLED:disabled": False,
                "links": [],
            }
        for name in ("debian-12", "altostratus-tiny"):
            self.add_image(name, status="active", visibility="public", size=38 * 2**20)
        public = self.add(
            "networks",
            name="public",
            shared=True,
            tenant_id=self.projects["admin"]["id"],
            **{"router:external": True},
        )
        private = self.add("networks", name="private", tenant_id=demo, **{"router:external": False})
        self.add(
            "subnets",
            name="public-v4",
            network_id=public["id"],
            cidr="203.0.113.0/24",
            ip_version=4,
            gateway_ip="203.0.113.1",
            enable_dhcp=False,
        )
        inner = self.add(
            "subnets",
            name="private-v4",
            network_id=private["id"],
            cidr="10.0.0.0/24",
            ip_version=4,
            gateway_ip="10.0.0.1",
            enable_dhcp=True,
            tenant_id=demo,
        )
        router = self.add(
            "routers",
            name="router1",
            tenant_id=demo,
            external_gateway_info={"network_id": public["id"], "external_fixed_ips": []},
            routes=[],
        )
        self.add(
            "ports",
            name="",
            network_id=private["id"],
            device_id=router["id"],
            device_owner="network:router_interface",
            tenant_id=demo,
            fixed_ips=[{"subnet_id": inner["id"], "ip_address": "10.0.0.1"}],
            mac_address="fa:16:3e:00:00:01",
        )
        self.add(
            "security_groups",
            name="default",
            description="Default security group",
            tenant_id=demo,
            security_group_rules=[],
        )

    def add(self, kind: str, **values: Any) -> dict[str, Any]:
        "A network resource, with the attributes that all have."
        tenant = values.pop("tenant_id", None) or self.projects["demo"]["id"]
        thing = {
            "id": new_id(),
            "name": "",
            "status": "ACTIVE",
            "admin_state_up": True,
            "tenant_id": tenant,
            "project_id": tenant,
            "shared": False,
            "description": "",
            "created_at": now(),
            "updated_at": now(),
            "tags": [],
        } | values
        self.network[kind][thing["id"]] = thing
        return thing

    def add_image(self, name: str, **values: Any) -> dict[str, Any]:
        "An image."
        image = {
            "id": new_id(),
            "name": name,
            "status": "queued",
            "visibility": "private",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 0,
            "min_ram": 0,
            "size": None,
            "checksum": None,
            "protected": False,
            "owner": self.projects["demo"]["id"],
            "tags": [],
            "created_at": now(),
            "updated_at": now(),
            "os_hidden": False,
        } | values
        self.images[image["id"]] = image
        return image

    def add_server(
        self,
        name: str,
        *,
        project: str = "demo",
        status: str = "ACTIVE",
        host: str = "node1",
        flavor: str = "1",
        **values: Any,
    ) -> dict[str, Any]:
        "A server, its port and its create action."
        project_id = self.projects[project]["id"]
        f = self.flavors[flavor]
        net = next(n for n in self.network["networks"].values() if n["name"] == "private")
        number = len(self.servers) + 10
        address = f"10.0.{number // 250}.{number % 250 + 2}"
        server = {
            "id": new_id(),
            "name": name,
            "status": status,
            "tenant_id": project_id,
            "user_id": self.users["demo"]["id"],
            "metadata": {},
            "image": {"id": next(iter(self.images))},
            "created": now(),
            "updated": now(),
            "progress": 0,
            "key_name": None,
            "config_drive": "",
            "hostId": "h",
            "accessIPv4": "",
            "accessIPv6": "",
            "description": None,
            "locked": False,
            "tags": [],
            "locked_reason": None,
            "flavor": {
                "original_name": f["name"],
                "vcpus": f["vcpus"],
                "ram": f["ram"],
                "disk": f["disk"],
                "ephemeral": 0,
                "swap": 0,
                "extra_specs": {},
            },
            "addresses": {
                "private": [
                    {
                        "addr": address,
                        "version": 4,
                        "OS-EXT-IPS:type": "fixed",
                        "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:11:22:33",
                    }
                ]
            },
            "OS-EXT-STS:task_state": None,
            "OS-EXT-STS:vm_state": "active",
            "OS-EXT-STS:power_state": 1,
            "OS-EXT-AZ:availability_zone": "nova",
            "OS-EXT-SRV-ATTR:host": host,
            "OS-EXT-SRV-ATTR:hostname": name,
            "security_groups": [{"name": "default"}],
            "os-extended-volumes:volumes_attached": [],
            "OS-SRV-USG:launched_at": now(),
            "OS-DCF:diskConfig": "AUTO",
            "links": [],
        } | values
        self.servers[server["id"]] = server
        self.add(
            "ports",
            network_id=net["id"],
            device_id=server["id"],
            device_owner="compute:nova",
            tenant_id=project_id,
            fixed_ips=[{"subnet_id": "s", "ip_address": address}],
            mac_address="fa:16:3e:11:22:33",
            security_groups=[],
        )
        self.actions[server["id"]] = []
        self.record(server, "create")
        return server

    def record(self, server: dict[str, Any], action: str) -> None:
        "An instance action."
        self.actions[server["id"]].insert(
            0,
            {
                "action": action,
                "instance_uuid": server["id"],
                "message": None,
                "project_id": server["tenant_id"],
                "request_id": f"req-{new_id()}",
                "start_time": now(),
                "updated_at": now(),
                "user_id": server["user_id"],
            },
        )
