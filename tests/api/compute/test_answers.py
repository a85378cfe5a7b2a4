"""Every route answers as its schema says, at every version at which that changes. (Each answer is
checked by `answers.watch`; here they are all asked for.)"""

import re

import pytest

from common.http import Version
from common.schema import Versioned
from compute.microversions import RANGE
from compute.schemas.responses import ACTION_ROUTE, RESPONSES
from compute.schemas.responses.servers import ACTIONS
from tests.api.compute import answers
from tests.api.compute.cloud import Cloud, at

NEVER = {
    ("POST", "/v2.1/servers/<server_id>/shares"): "there is no service of shares",
    ("GET", "/v2.1/servers/<server_id>/shares/<share_id>"): "there is no service of shares",
    ("DELETE", "/v2.1/servers/<server_id>/shares/<share_id>"): "there is no service of shares",
    ("GET", "/v2.1/os-hosts/<host>/reboot"): "no hypervisor of this suite does that",
    ("GET", "/v2.1/os-hosts/<host>/shutdown"): "no hypervisor of this suite does that",
    ("GET", "/v2.1/os-hosts/<host>/startup"): "no hypervisor of this suite does that",
    ("GET", "/v2.1/os-baremetal-nodes/<ident>"): "there is no bare metal service",
    ("POST", "/v2.1/os-baremetal-nodes"): "there is no bare metal service",
    ("POST", "/v2.1/os-baremetal-nodes/<ident>/action"): "there is no bare metal service",
    ("DELETE", "/v2.1/os-baremetal-nodes/<ident>"): "there is no bare metal service",
    ("POST", "/v2.1/os-assisted-volume-snapshots"): "volumes here make their own snapshots",
    ("DELETE", "/v2.1/os-assisted-volume-snapshots/<snapshot_id>"): "the same",
    (
        "POST",
        "/v2.1/servers/<server_id>/migrations/<ident>/action",
    ): "only while the guest is being copied: with the tests of moves",
}
"""Routes that never answer below 400 here, and why"""


class World:
    "One of everything, and the paths to it."

    def __init__(self, cloud):
        self.cloud = cloud
        admin, member = cloud.admin, cloud.member
        self.key = member.ok("POST", "/v2.1/os-keypairs", json={"keypair": {"name": "k"}})
        group = {"server_group": {"name": "g", "policies": ["affinity"]}}
        self.group = admin.ok("POST", "/v2.1/os-server-groups", json=group)["server_group"]["id"]
        self.volume = cloud.volumes.add()
        self.server = cloud.boot(
            cloud.admin,
            metadata={"k": "v"},
            key_name=...,
            hints={"group": self.group},
            security_groups=[{"name": "default"}],
        )["id"]
        cloud.networks.add("own", project="admin-project")
        self._attach()
        self.flavor = cloud.flavor()
        private = cloud.flavor(**{"os-flavor-access:is_public": False})
        admin.ok(
            "POST",
            f"/v2.1/flavors/{private}/action",
            json={"addTenantAccess": {"tenant": "project-1"}},
        )
        specs = {"extra_specs": {"quota:cpu_shares": "10"}}
        admin.ok("POST", f"/v2.1/flavors/{self.flavor}/os-extra_specs", json=specs)
        self.private = private
        made = {"aggregate": {"name": "a", "availability_zone": None}}
        self.aggregate = admin.ok("POST", "/v2.1/os-aggregates", json=made)["aggregate"]["id"]
        self.external = cloud.networks.add("public", **{"router:external": True})
        self.secgroup = cloud.networks._new_security_group({"name": "default"})["id"]
        cloud.networks._new_security_group_rule(
            {"security_group_id": self.secgroup, "direction": "ingress", "protocol": "tcp"}
        )
        for port in cloud.networks.ports.values():
            port["security_groups"] = [self.secgroup]
        self.floating = cloud.networks._new_floatingip(
            {"floating_network_id": self.external, "project_id": "admin-project"}
        )["id"]
        self.snapshot = "11111111-2222-3333-4444-555555555555"
        cloud.volumes.snapshots[self.snapshot] = {
            "id": self.snapshot,
            "volume_id": self.volume,
            "status": "available",
            "size": 1,
        }
        self.image = next(iter(cloud.images.images))
        cloud.images.images[self.image]["os_type"] = "linux"

    def _attach(self):
        admin, path = self.cloud.admin, f"/v2.1/servers/{self.server}"
        body = {"volumeAttachment": {"volumeId": self.volume}}
        admin.ok("POST", f"{path}/os-volume_attachments", json=body)
        self.cloud.until(lambda: self.cloud.volumes.volumes[self.volume]["status"] == "in-use")
        admin.ok("PUT", f"{path}/tags/t", headers=at("2.26"), status=201)
        self.port = next(iter(self.cloud.networks.ports))
        console = {"remote_console": {"protocol": "serial", "type": "serial"}}
        made = admin.ok("POST", f"{path}/remote-consoles", json=console, headers=at("2.6"))
        self.token = made["remote_console"]["url"].partition("token=")[2]
        actions = admin.ok("GET", f"{path}/os-instance-actions")["instanceActions"]
        self.request = actions[-1]["request_id"]

    def path(self, route, version):
        "The path of a route for something that is there."
        service = self.cloud.admin.ok("GET", "/v2.1/os-hypervisors", headers=at(str(version)))
        words = {
            "server_id": self.server,
            "key": "os_type"
            if "images" in route
            else "quota:cpu_shares"
            if "flavors" in route
            else "k",
            "tag": "t",
            "network": "private",
            "port_id": self.port,
            "volume_id": self.volume,
            "token": self.token,
            "request_id": self.request,
            "flavor_id": self.private if "access" in route else self.flavor,
            "name": "default" if "class" in route else "k",
            "node_id": service["hypervisors"][0]["id"],
            "pattern": "node",
            "alias": "os-keypairs",
            "project_id": "admin-project",
            "host": "node-1",
            "before": "2026-05-01 00:00:00",
        }
        idents = {
            "os-aggregates": self.aggregate,
            "os-server-groups": self.group,
            "os-networks": self.external,
            "os-tenant-networks": self.external,
            "images": self.image,
            "os-security-groups": self.secgroup,
            "os-floating-ips": self.floating,
            "os-volumes": self.volume,
            "os-snapshots": self.snapshot,
            "versions": "v2.1",
        }
        words["ident"] = next((v for k, v in idents.items() if f"/{k}/" in route), "none")
        return re.sub("<(?:path:)?([a-z_]+)>", lambda m: str(words[m[1]]), route)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    cloud = Cloud(tmp_path_factory.mktemp("answers"))
    yield World(cloud)
    cloud.close()


def _versions(route):
    "Versions of a route at which its answer changes, and its first and last."
    low, high = Version.parse(route.since or "2.1"), Version.parse(route.until or RANGE.maximum)
    steps = {low, high}
    schema = RESPONSES.get((route.method, route.path.replace("os-volumes_boot", "servers")))
    if isinstance(schema, Versioned):
        steps |= {Version(*number) for number, _ in schema._steps}
    return [v for v in sorted(steps) if low <= v <= high]


def _routes(cloud, *methods):
    return [
        r
        for r in cloud.app.extensions["routes"]
        if r.method in methods and r.handler.__name__ != "gone"
    ]


def test_everything_that_can_be_read(world):
    later = ("migrations/<ident>",)
    for route in _routes(world.cloud, "GET"):
        if (route.method, route.path) in NEVER or route.path.endswith(later):
            continue
        client = world.cloud.member if "keypairs" in route.path else world.cloud.admin
        for version in _versions(route):
            path = world.path(route.path, version)
            if "auth-tokens" in path and version < "2.31":
                continue
            answer = client.get(path, headers=at(str(version)))
            wanted = 204 if route.path.endswith("/tags/<tag>") else 200
            assert answer.status_code == wanted, f"{route.path} {version}: {answer.text[:500]}"


CHANGES = [  # method, route, body; {x} is an attribute of the world; from the version on, up to
    ("POST", "/servers/{server}/metadata", {"metadata": {"k": "2"}}),
    ("PUT", "/servers/{server}/metadata", {"metadata": {"k": "2"}}),
    ("PUT", "/servers/{server}/metadata/k", {"meta": {"k": "3"}}),
    ("DELETE", "/servers/{server}/metadata/k", None),
    ("PUT", "/servers/{server}/tags", {"tags": ["a", "b"]}, "2.26"),
    ("PUT", "/servers/{server}/tags/c", None, "2.26"),
    ("DELETE", "/servers/{server}/tags/c", None, "2.26"),
    ("DELETE", "/servers/{server}/tags", None, "2.26"),
    ("PUT", "/servers/{server}", {"server": {"name": "new"}}),
    ("PUT", "/os-volumes_boot/{server}", {"server": {"name": "newer"}}, "", "2.102"),
    ("POST", "/servers/{server}/os-interface", {"interfaceAttachment": {}}),
    ("DELETE", "/servers/{server}/os-interface/{port}", None),
    ("DELETE", "/servers/{server}/os-server-password", None),
    ("POST", "/flavors", {"flavor": {"name": "f{n}", "ram": 1, "vcpus": 1, "disk": 1}}),
    ("PUT", "/flavors/{flavor}", {"flavor": {"description": "d"}}, "2.55"),
    ("POST", "/flavors/{private}/action", {"addTenantAccess": {"tenant": "p{n}"}}),
    ("POST", "/flavors/{flavor}/os-extra_specs", {"extra_specs": {"quota:cpu_quota": "10"}}),
    (
        "PUT",
        "/flavors/{flavor}/os-extra_specs/quota:cpu_quota",
        {"quota:cpu_quota": "20"},
    ),
    ("DELETE", "/flavors/{flavor}/os-extra_specs/quota:cpu_quota", None),
    ("POST", "/os-keypairs", {"keypair": {"name": "k{n}", "public_key": "{public_key}"}}),
    ("DELETE", "/os-keypairs/k{n}", None),
    (
        "POST",
        "/os-server-groups",
        {"server_group": {"name": "n", "policies": ["affinity"]}},
        "",
        "2.63",
    ),
    ("POST", "/os-server-groups", {"server_group": {"name": "n", "policy": "affinity"}}, "2.64"),
    ("POST", "/os-aggregates", {"aggregate": {"name": "x{n}"}}),
    ("PUT", "/os-aggregates/{aggregate}", {"aggregate": {"name": "y{n}"}}),
    ("POST", "/os-aggregates/{aggregate}/action", {"set_metadata": {"metadata": {"k": "v"}}}),
    ("POST", "/os-aggregates/{aggregate}/images", {"cache": [{"id": "{image}"}]}, "2.81"),
    (
        "POST",
        "/os-server-external-events",
        {"events": [{"name": "network-changed", "server_uuid": "{server}"}]},
    ),
    ("PUT", "/os-quota-sets/p", {"quota_set": {"cores": 9}}),
    ("DELETE", "/os-quota-sets/p", None),
    ("PUT", "/os-quota-class-sets/default", {"quota_class_set": {"cores": 30}}),
    ("PUT", "/os-hosts/node-1", {"status": "enable"}, "", "2.42"),
    ("PUT", "/os-services/enable", {"host": "node-1", "binary": "nova-compute"}, "", "2.52"),
    (
        "PUT",
        "/os-services/force-down",
        {"host": "node-1", "binary": "nova-compute", "forced_down": False},
        "2.11",
        "2.52",
    ),
    ("PUT", "/os-services/{service}", {"status": "enabled"}, "2.53"),
    ("POST", "/images/{image}/metadata", {"metadata": {"a": "1"}}, "", "2.38"),
    ("PUT", "/images/{image}/metadata/a", {"meta": {"a": "2"}}, "", "2.38"),
    ("DELETE", "/images/{image}/metadata/a", None, "", "2.38"),
    ("PUT", "/images/{image}/metadata", {"metadata": {"os_type": "linux"}}, "", "2.38"),
    (
        "POST",
        "/os-security-groups",
        {"security_group": {"name": "s", "description": ""}},
        "",
        "2.35",
    ),
    (
        "PUT",
        "/os-security-groups/{secgroup}",
        {"security_group": {"name": "default", "description": "d"}},
        "",
        "2.35",
    ),
    (
        "POST",
        "/os-security-group-rules",
        {
            "security_group_rule": {
                "parent_group_id": "{secgroup}",
                "ip_protocol": "tcp",
                "from_port": 1,
                "to_port": 2,
                "cidr": "10.0.0.0/8",
            }
        },
        "",
        "2.35",
    ),
    ("DELETE", "/os-security-group-rules/{rule}", None, "", "2.35"),
    ("DELETE", "/os-security-groups/{secgroup}", None, "", "2.35"),
    ("POST", "/os-floating-ips", {"pool": "public"}, "", "2.35"),
    ("DELETE", "/os-floating-ips/{floating}", None, "", "2.35"),
    ("POST", "/os-volumes", {"volume": {"size": 1}}, "", "2.35"),
    ("DELETE", "/os-volumes/{spare}", None, "", "2.35"),
    ("POST", "/os-snapshots", {"snapshot": {"volume_id": "{volume}"}}, "", "2.35"),
    ("DELETE", "/os-snapshots/{snapshot}", None, "", "2.35"),
    (
        "PUT",
        "/servers/{server}/os-volume_attachments/{volume}",
        {"volumeAttachment": {"volumeId": "{volume}", "delete_on_termination": False}},
        "2.85",
    ),
    ("DELETE", "/servers/{server}/os-volume_attachments/{volume}", None),
    ("DELETE", "/os-server-groups/{group}", None),
    ("DELETE", "/os-aggregates/{aggregate}", None),
    ("DELETE", "/flavors/{flavor}", None),
    ("DELETE", "/images/{image}", None, "", "2.35"),
    ("DELETE", "/os-services/{gone}", None, "2.53"),
]


def _filled(value, words):
    if isinstance(value, dict):
        return {k: _filled(v, words) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, words) for v in value]
    if isinstance(value, str):
        return re.sub("{([a-z_]+)}", lambda m: str(words[m[1]]), value)
    return value


def test_everything_that_can_be_changed(world):
    cloud = world.cloud
    admin = cloud.admin
    services = admin.ok("GET", "/v2.1/os-services", headers=at("2.53"))["services"]
    words = dict(vars(world))
    words["service"] = next(s["id"] for s in services if s["binary"] == "nova-compute")
    words["gone"] = next(s["id"] for s in services if s["binary"] == "nova-scheduler")
    words["public_key"] = world.key["keypair"]["public_key"]
    words["rule"] = next(iter(cloud.networks.rules))
    words["spare"] = cloud.volumes.add()
    for n, (method, path, body, *span) in enumerate(CHANGES):
        since, until = (*span, "", "")[:2]
        words["n"] = n - 1 if method == "DELETE" and "{n}" in path else n
        url = "/v2.1" + _filled(path, words)
        # deletes and creates once, at the last version that takes them; others at the first too
        versions = [until or RANGE.maximum]
        if method == "PUT" and since != versions[0]:
            versions.insert(0, since or "2.1")
        for version in versions:
            sent = _filled(body, words)
            answer = admin.request(method, url, json=sent, headers=at(version))
            assert answer.status_code < 300, f"{method} {url} {version}: {answer.text[:500]}"
        cloud.wait(world.server)


def test_every_action_and_every_way_to_create(world):
    cloud, admin = world.cloud, world.cloud.admin
    image = cloud.images.add()
    body = cloud.body(imageRef=image)
    for version in ("2.1", "2.102", RANGE.maximum):
        for prefix in ("servers", "os-volumes_boot") if version < "2.103" else ("servers",):
            made = admin.ok("POST", f"/v2.1/{prefix}", json=body, status=202, headers=at(version))
            cloud.wait(made["server"]["id"])
            admin.ok("DELETE", f"/v2.1/{prefix}/{made['server']['id']}", status=204)
    several = cloud.body(imageRef=image, return_reservation_id=True)
    assert "reservation_id" in admin.ok("POST", "/v2.1/servers", json=several, status=202)
    server = cloud.boot(admin, imageRef=image)["id"]
    act = lambda name, value, version, status=202, path="servers": admin.ok(  # noqa: E731
        "POST",
        f"/v2.1/{path}/{server}/action",
        json={name: value},
        status=status,
        headers=at(version),
    )
    act("os-getConsoleOutput", {}, "2.1", 200, "os-volumes_boot")
    act("os-getVNCConsole", {"type": "novnc"}, "2.1", 200)
    act("os-getSerialConsole", {"type": "serial"}, "2.1", 200)
    for schema in (ACTIONS["rebuild"],):
        for number, _ in schema._steps:
            act("rebuild", {"imageRef": image}, f"{number[0]}.{number[1]}")
            cloud.wait(server)
    for version in ("2.1", "2.45"):
        act("createImage", {"name": "i"}, version)
        cloud.wait(server)
        act("createBackup", {"name": "i", "backup_type": "daily", "rotation": 1}, version)
        cloud.wait(server)
    act("rescue", {}, "2.1", 200)
    cloud.wait(server, "RESCUE")
    act("unrescue", None, "2.1")
    cloud.wait(server)
    act("injectNetworkInfo", None, "2.1")


def test_no_route_was_forgotten(world):
    "Runs last in this module: what the tests above have seen is all there is."
    seen = {(m, p) for m, p, _, code in answers.SEEN if code < 400}
    missing = {
        (r.method, r.path) for r in _routes(world.cloud, "GET", "POST", "PUT", "DELETE")
    } - seen
    late = {k for k in missing if k[1].startswith("/v2.1/servers/<server_id>/migrations")}
    assert sorted(missing - set(NEVER) - late) == []
    assert set(RESPONSES) - {(r.method, r.path) for r in world.cloud.app.extensions["routes"]} == (
        set()
    )
    assert ACTION_ROUTE in seen
