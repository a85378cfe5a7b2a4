"Proxies of the image service and limits of the network service: what old versions still have."

import pytest

from tests.api.compute.cloud import at

OURS, THEIRS = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


@pytest.fixture
def pictures(cloud):
    "Images: a base one, two snapshots of different servers, one that is still queued."
    add, others = cloud.images.add, dict(cloud.images.images)
    cloud.images.images.clear()
    yield {
        add("base", min_ram=512): "base",
        add("ours", image_type="snapshot", instance_uuid=OURS): "ours",
        add("theirs", image_type="snapshot", instance_uuid=THEIRS, os_type="linux"): "theirs",
        add("new", status="queued", updated_at="2026-06-01T00:00:00Z"): "new",
    }
    cloud.images.images.clear()
    cloud.images.images.update(others)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=snapshot", ["ours", "theirs"]),
        (f"server={OURS}", ["ours"]),
        (f"server=http://cloud.test/v2.1/servers/{THEIRS}", ["theirs"]),
        ("status=ACTIVE", ["base", "ours", "theirs"]),
        ("status=saving", ["new"]),
        ("status=NONSENSE", []),
        ("minRam=512", ["base"]),
        ("property-os_type=linux", ["theirs"]),
        ("changes-since=2026-05-01T00:00:00Z", ["new"]),
        ("name=base", ["base"]),
        ("", ["base", "new", "ours", "theirs"]),
    ],
)
@pytest.mark.parametrize("detail", ["", "/detail"])
def test_images_are_filtered(cloud, pictures, query, names, detail):
    found = cloud.member.ok("GET", f"/v2.1/images{detail}?{query}")["images"]
    assert sorted(pictures[i["id"]] for i in found) == names


def test_a_time_that_is_none_is_named(cloud):
    answer = cloud.member.get("/v2.1/images?changes-since=yesterday")
    assert answer.status_code == 400 and "changes-since" in answer.text


def test_classes_keep_what_limits_nothing(cloud):
    path = "/v2.1/os-quota-class-sets/default"
    before = cloud.admin.ok("GET", path)["quota_class_set"]
    assert before["fixed_ips"] == -1
    wish = {"quota_class_set": {"fixed_ips": 99, "floating_ips": 110}}
    assert (
        wish["quota_class_set"].items()
        <= cloud.admin.ok("PUT", path, json=wish)["quota_class_set"].items()
    )
    after = cloud.admin.ok("GET", path)["quota_class_set"]
    assert after == {**before, **wish["quota_class_set"]}
    assert "fixed_ips" not in cloud.admin.ok("GET", path, headers=at("2.50"))["quota_class_set"]


def test_a_host_that_is_not_there_is_not_found_whatever_is_asked(cloud):
    wish = {"status": "enable", "maintenance_mode": "enable"}
    assert cloud.admin.put("/v2.1/os-hosts/nobody", json=wish).status_code == 404
    assert cloud.admin.put("/v2.1/os-hosts/node-1", json=wish).status_code == 501


def test_a_resize_changes_the_disk_configuration(cloud):
    server = cloud.boot()
    wish = {"flavorRef": cloud.flavor(ram=128), "OS-DCF:diskConfig": "AUTO"}
    assert server["OS-DCF:diskConfig"] == "MANUAL"
    cloud.act(server["id"], "resize", wish)
    assert cloud.wait(server["id"], "VERIFY_RESIZE")["OS-DCF:diskConfig"] == "AUTO"


def test_a_floating_address_that_finds_no_room_is_a_bad_request(cloud, monkeypatch):
    server = cloud.boot()
    address = cloud.networks._new_floatingip({})["floating_ip_address"]
    from compute.core import proxies

    whole = proxies.call

    def call(deps, ctx, service, method, path, *more, **named):
        if method == "PUT":
            raise proxies.Conflict("Fixed IP 10.0.0.9 already has a floating IP")
        return whole(deps, ctx, service, method, path, *more, **named)

    monkeypatch.setattr(proxies, "call", call)
    answer = cloud.act(server["id"], "addFloatingIp", {"address": address}, status=400)
    assert "already has a floating IP" in str(answer)


def test_a_private_flavor_is_nobodys_until_it_is_given(cloud):
    flavor = cloud.flavor(**{"os-flavor-access:is_public": False})
    assert cloud.admin.ok("GET", f"/v2.1/flavors/{flavor}/os-flavor-access") == {
        "flavor_access": []
    }
    assert cloud.member.get(f"/v2.1/flavors/{flavor}").status_code == 404
