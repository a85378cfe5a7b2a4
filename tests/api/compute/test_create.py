"POST /servers: what may be asked, and how a wrong wish is refused."

import base64
import json
import uuid

import pytest

from tests.api.compute.cloud import at


def post(cloud, version=None, client=None, hints=None, **fields):
    body = cloud.body(**fields)
    if hints:
        body["os:scheduler_hints"] = hints
    return (client or cloud.member).post("/v2.1/servers", json=body, headers=at(version))


@pytest.fixture(scope="module", autouse=True)
def room(cloud):
    for project in ("project-1", "project-2"):
        cloud.admin.ok(
            "PUT",
            f"/v2.1/os-quota-sets/{project}",
            json={"quota_set": {"instances": 500, "cores": 900, "ram": -1}},
        )


BAD = [
    ({"name": ""}, 400),
    ({"name": " x"}, 400),
    ({"name": "x" * 256}, 400),
    ({"name": 5}, 400),
    ({"name": ...}, 400),
    ({"flavorRef": "nope"}, 400),
    ({"flavorRef": ...}, 400),
    ({"imageRef": "not-an-id"}, 400),
    ({"imageRef": str(uuid.uuid4())}, 400),
    ({"imageRef": ...}, 400),
    ({"networks": [{"uuid": "a-b-c"}]}, 400),
    ({"networks": [{"uuid": str(uuid.uuid4())}]}, 400),
    ({"networks": [{"port": str(uuid.uuid4())}]}, 400),
    ({"networks": "none"}, 400),
    ({"metadata": {"k" * 256: "v"}}, 400),
    ({"metadata": {"k": "v" * 256}}, 400),
    ({"metadata": {"k": 1}}, 400),
    ({"accessIPv4": "1.1.1"}, 400),
    ({"accessIPv6": "notv6"}, 400),
    ({"key_name": "nobody's"}, 400),
    ({"min_count": 0}, 400),
    ({"min_count": 3, "max_count": 2}, 400),
    ({"user_data": "@@@"}, 400),
    ({"availability_zone": "nowhere"}, 400),
    ({"availability_zone": "nova:node-1"}, 403),
    ({"security_groups": [{"name": "none such"}]}, 400),
    ({"config_drive": "maybe"}, 400),
    ({"bogus": 1}, 400),
    ({"block_device_mapping_v2": [{"source_type": "blank", "uuid": "x", "boot_index": 1}]}, 400),
    (
        {
            "block_device_mapping_v2": [
                {"source_type": "volume", "boot_index": 0, "uuid": str(uuid.uuid4())}
            ]
        },
        400,
    ),
]


@pytest.mark.parametrize(("fields", "code"), BAD)
def test_a_wrong_wish_is_refused_before_anything_is_made(cloud, fields, code):
    before = len(cloud.networks.ports)
    answer = post(cloud, **fields)
    assert answer.status_code == code, answer.text
    assert answer.json[{400: "badRequest", 403: "forbidden"}[code]]["message"]
    assert len(cloud.networks.ports) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"server": 5}', b'{"server": {}}', b"\xff"]
)
def test_junk_is_a_400(cloud, body):
    answer = cloud.member.post(
        "/v2.1/servers", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400 and answer.json["badRequest"]["message"]


def test_readers_may_not_and_others_do_not_see(cloud):
    assert post(cloud, client=cloud.reader).status_code == 403
    server = cloud.boot()
    for method, path in (
        ("get", ""),
        ("delete", ""),
        ("get", "/metadata"),
        ("get", "/os-interface"),
    ):
        assert (
            getattr(cloud.other, method)(f"/v2.1/servers/{server['id']}{path}").status_code == 404
        )
    assert cloud.reader.get(f"/v2.1/servers/{server['id']}").status_code == 200
    assert cloud.reader.delete(f"/v2.1/servers/{server['id']}").status_code == 403


def test_no_token_is_a_401(cloud):
    answer = cloud.client(roles=()).get("/v2.1/servers")
    assert answer.status_code == 401 and answer.json["unauthorized"]["code"] == 401


def test_several_at_once(cloud):
    answer = post(cloud, name="many", min_count=2, max_count=3, return_reservation_id=True)
    reservation = answer.json["reservation_id"]
    found = cloud.until(
        lambda: [
            s
            for s in cloud.member.ok("GET", f"/v2.1/servers/detail?reservation_id={reservation}")[
                "servers"
            ]
            if s["status"] == "ACTIVE"
        ][2:]
    )
    assert found
    names = {s["name"] for s in cloud.member.ok("GET", "/v2.1/servers?name=many-")["servers"]}
    assert names == {"many-1", "many-2", "many-3"}


def test_everything_at_once(cloud):
    key = cloud.member.ok(
        "POST", "/v2.1/os-keypairs", headers=at("2.2"), json={"keypair": {"name": "kk"}}
    )
    assert "PRIVATE KEY" in key["keypair"]["private_key"]
    group = cloud.member.ok(
        "POST",
        "/v2.1/os-server-groups",
        headers=at("2.64"),
        json={"server_group": {"name": "g", "policy": "soft-affinity"}},
    )["server_group"]["id"]
    net = next(iter(cloud.networks.networks))
    server = cloud.boot(
        version="2.100",
        name="All of it",
        key_name="kk",
        metadata={"m": "1"},
        tags=["one", "two"],
        config_drive=True,
        description="what",
        user_data=base64.b64encode(b"\xff\x00#!").decode(),
        hostname="host.example.org",
        networks=[{"uuid": net, "tag": "lan"}, {"port": cloud.networks.add_port(net)}],
        hints={"group": group},
        availability_zone="nova",
    )
    shown = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}", headers=at("2.100"))["server"]
    assert shown["tags"] == ["one", "two"] and shown["description"] == "what"
    assert shown["OS-EXT-SRV-ATTR:hostname"] == "host.example.org" and shown["server_groups"] == [
        group
    ]
    assert (
        shown["scheduler_hints"] == {"group": group} and shown["pinned_availability_zone"] == "nova"
    )
    assert len(shown["addresses"]["private"]) == 2 and shown["config_drive"] == "True"
    spec = cloud.drivers["node-1"].servers[server["id"]]
    meta = json.loads(spec.metadata_files["openstack/latest/meta_data.json"])
    assert meta["public_keys"]["kk"].startswith("ssh-rsa") and meta["meta"] == {"m": "1"}
    assert meta["devices"][0]["tags"] == ["lan"] and meta["hostname"] == "host.example.org"
    assert (
        base64.b64decode(spec.metadata_files["base64:openstack/latest/user_data"]) == b"\xff\x00#!"
    )
    network = json.loads(spec.metadata_files["openstack/latest/network_data.json"])
    assert len(network["links"]) == 2 and network["services"] == [
        {"type": "dns", "address": "9.9.9.9"}
    ]
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    ports = [p for p in cloud.networks.ports.values() if p["device_id"] == server["id"]]
    assert (
        ports == [] and len([p for p in cloud.networks.ports.values() if not p["device_id"]]) == 1
    )


def test_boot_from_volume_and_more_disks(cloud):
    volume = cloud.volumes.add(size=2)
    flavor = cloud.flavor(disk=0, swap=512, **{"OS-FLV-EXT-DATA:ephemeral": 3})
    server = cloud.boot(
        imageRef=...,
        flavorRef=flavor,
        block_device_mapping_v2=[
            {
                "boot_index": 0,
                "uuid": volume,
                "source_type": "volume",
                "destination_type": "volume",
                "delete_on_termination": True,
            },
            {
                "boot_index": -1,
                "source_type": "blank",
                "destination_type": "volume",
                "volume_size": 1,
            },
        ],
    )
    assert server["image"] == ""
    kinds = [d.kind for d in cloud.drivers["node-1"].servers[server["id"]].disks]
    assert kinds == ["volume", "volume", "ephemeral", "swap"]
    assert {v["status"] for v in cloud.volumes.volumes.values()} == {"in-use"}
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    assert volume not in cloud.volumes.volumes and not cloud.volumes.attachments


def test_the_root_disk_is_the_flavors_also_when_the_image_is_a_block_device(cloud):
    "`openstack server create --image` sends the image as a block device without a size."
    image = cloud.body()["server"]["imageRef"]
    device = {"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "local"}
    server = cloud.boot(flavorRef=cloud.flavor(disk=7), block_device_mapping_v2=[device])
    (root,) = cloud.drivers["node-1"].servers[server["id"]].disks
    assert (root.kind, root.size_mib) == ("root", 7 * 1024)
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    second = {**device, "boot_index": 1}
    answer = post(cloud, block_device_mapping_v2=[device, second])
    assert answer.status_code == 400
    assert "Mapping image to local is not supported." in answer.json["badRequest"]["message"]


def test_the_fault_says_why_no_host_fits(cloud):
    flavor = cloud.flavor(ram=10**9)
    server = cloud.boot(flavorRef=flavor, wait="ERROR")
    assert "lacks MEMORY_MB" in server["fault"]["message"] and server["fault"]["code"] == 500
    assert "0 of 1 host" in server["fault"]["message"]
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])


def test_the_fault_of_the_node_is_the_fault_of_the_server(fresh):
    cloud = fresh(**{"compute.build_attempts": 1})
    cloud.drivers["node-1"].fail_next("build", "The image is broken at byte 7.")
    server = cloud.boot(wait="ERROR")
    assert server["fault"]["message"] == "The image is broken at byte 7."
    assert not cloud.networks.ports
    used = cloud.admin.ok("GET", "/v2.1/os-hypervisors/detail")["hypervisors"][0]["vcpus_used"]
    assert used == 0


def test_a_build_that_fails_goes_to_the_next_host(fresh):
    cloud = fresh(hosts=("node-1", "node-2"))
    for driver in cloud.drivers.values():
        driver.fail_next("build", "Not here.")
    first = cloud.boot(wait="ERROR")
    assert first["fault"]["message"] == "Not here."
    assert cloud.boot()["status"] == "ACTIVE"


def test_the_network_service_s_reason_reaches_the_user(cloud):
    cloud.networks.refuse_ports = "No more IP addresses available on network n."
    try:
        server = cloud.boot(wait="ERROR")
    finally:
        cloud.networks.refuse_ports = None
    assert "No more IP addresses" in server["fault"]["message"]
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])


def test_quotas_are_exact_and_parallel_creates_do_not_oversell(fresh):
    from concurrent.futures import ThreadPoolExecutor

    cloud = fresh(**{"quota.instances": 5})
    body = cloud.body()
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(
                lambda _: cloud.client().post("/v2.1/servers", json=body).status_code, range(12)
            )
        )
    assert sorted(set(codes)) == [202, 403] and codes.count(202) == 5
    refused = cloud.member.post("/v2.1/servers", json=body)
    assert (
        "Quota exceeded for instances: Requested 1, but already used 5 of 5"
        in refused.json["forbidden"]["message"]
    )


def test_parallel_creates_do_not_oversell_a_host(fresh):
    cloud = fresh(
        hosts=(), **{"quota.instances": 50, "quota.cores": 100, "scheduler.reserved_memory_mib": 0}
    )
    cloud.add_host("small", vcpus=64, memory_mib=256, disk_gib=100)
    made = [cloud.boot(wait=None)["id"] for _ in range(6)]
    states = cloud.until(
        lambda: (lambda s: s if "BUILD" not in s else None)(
            [cloud.admin.ok("GET", f"/v2.1/servers/{i}")["server"]["status"] for i in made]
        )
    )
    assert sorted(states) == ["ACTIVE"] * 4 + ["ERROR"] * 2
