"What the panels do: networks, images, objects, keys, access, administration."

import hashlib
import hmac
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dashboard.errors import Problem
from dashboard.panels.keypairs import make_pair
from dashboard.panels.security_groups import rule_of
from dashboard.panels.topology import draw


def only(things, **match):
    found = [t for t in things.values() if all(t.get(k) == v for k, v in match.items())]
    assert len(found) == 1, found
    return found[0]


def test_a_network_with_its_subnet(cloud, demo):
    demo.get("/networks/create")
    answer = demo.post(
        "/networks/create", 303, name="blue", cidr="10.5.0.0/24", dns="1.1.1.1, 8.8.8.8", dhcp="y"
    )
    network = only(cloud.world.network["networks"], name="blue")
    subnet = only(cloud.world.network["subnets"], network_id=network["id"])
    assert (
        subnet["cidr"] == "10.5.0.0/24"
        and subnet["dns_nameservers"] == ["1.1.1.1", "8.8.8.8"]
        and subnet["enable_dhcp"] is True
    )
    page = demo.get(answer.location)
    assert "10.5.0.0/24" in page.text
    demo.post(f"/networks/{network['id']}/subnet", 303, name="six", cidr="fd00::/64")
    assert only(cloud.world.network["subnets"], name="six")["ip_version"] == 6
    demo.post(f"/networks/subnets/{subnet['id']}/delete", 204, htmx=True)
    assert subnet["id"] not in cloud.world.network["subnets"]


def test_a_network_in_use_stays_and_says_why(cloud, demo):
    network = only(cloud.world.network["networks"], name="private")
    answer = demo.post(f"/networks/delete?ids={network['id']}", 409, htmx=True)
    assert "still in use" in answer.text


def test_a_form_without_its_required_field_is_not_sent(cloud, demo):
    before = len(cloud.log)
    answer = demo.post("/networks/create", 400, name="  ", cidr="10.5.0.0/24")
    assert "Please fill this in." in answer.text
    assert not [c for c in cloud.log[before:] if c[0] == "POST"]


def test_a_router_between_inside_and_outside(cloud, demo):
    outside = only(cloud.world.network["networks"], name="public")
    demo.get("/routers/create")
    answer = demo.post("/routers/create", 303, name="edge", outside=outside["id"])
    router = only(cloud.world.network["routers"], name="edge")
    assert router["external_gateway_info"] == {"network_id": outside["id"]}
    subnet = only(cloud.world.network["subnets"], name="private-v4")
    demo.post(f"/routers/{router['id']}/connect", 303, subnet=subnet["id"])
    assert "10.0.0.1" in demo.get(answer.location).text
    demo.post(f"/routers/{router['id']}/disconnect/{subnet['id']}", 204, htmx=True)
    assert "No subnet is connected" in demo.get(answer.location).text
    demo.post(f"/routers/{router['id']}/gateway", 303, outside="")
    assert router["external_gateway_info"] == {}


def test_a_rule_from_a_preset_and_a_custom_one(cloud, demo):
    group = only(cloud.world.network["security_groups"], name="default")
    where = f"/security-groups/{group['id']}"
    demo.get(where)
    demo.post(
        f"{where}/rules",
        303,
        preset="ssh",
        direction="ingress",
        family="IPv4",
        remote="cidr",
        cidr="10.0.0.0/8",
    )
    demo.post(
        f"{where}/rules",
        303,
        preset="custom",
        protocol="udp",
        ports="8000-8010",
        direction="egress",
        remote="group",
        remote_group=group["id"],
    )
    rules = group["security_group_rules"]
    assert [
        (r["direction"], r["protocol"], r["port_range_min"], r["port_range_max"]) for r in rules
    ] == [("ingress", "tcp", 22, 22), ("egress", "udp", 8000, 8010)]
    assert (
        rules[0]["remote_ip_prefix"] == "10.0.0.0/8" and rules[1]["remote_group_id"] == group["id"]
    )
    assert "8000 – 8010" in demo.get(where).text
    assert (
        "Ports are a number"
        in demo.post(f"{where}/rules", 400, preset="custom", protocol="tcp", ports="ssh").text
    )
    demo.post(f"{where}/rules/{rules[0]['id']}/delete", 204, htmx=True)
    assert len(group["security_group_rules"]) == 1


def test_ping_has_no_ports():
    assert "port_range_min" not in rule_of({"preset": "ping"}, "g")
    with pytest.raises(Problem):
        rule_of({"preset": "custom", "protocol": "tcp", "ports": "1-x"}, "g")


def test_a_floating_ip_from_allocation_to_release(cloud, demo):
    server = cloud.world.add_server("web")
    port = only(cloud.world.network["ports"], device_id=server["id"])
    demo.get("/floating-ips/create")
    answer = demo.post(
        "/floating-ips/create",
        303,
        network=only(cloud.world.network["networks"], name="public")["id"],
    )
    ip = next(iter(cloud.world.network["floatingips"].values()))
    page = demo.get(answer.location)
    assert "web: 10.0." in page.text
    demo.post("/floating-ips/assign", 303, ip=ip["id"], port=port["id"])
    assert ip["port_id"] == port["id"]
    page = demo.get("/floating-ips").text
    assert "web" in page and "Take off" in page
    demo.post(f"/floating-ips/{ip['id']}/off", 204, htmx=True)
    assert ip["port_id"] is None
    demo.post(f"/floating-ips/delete?ids={ip['id']}", 204, htmx=True)
    assert cloud.world.network["floatingips"] == {}


def test_a_key_pair_is_made_here_shown_once_and_works(cloud, demo, tmp_path):
    demo.get("/keypairs/create")
    page = demo.post("/keypairs/create", 200, name="laptop")
    assert "BEGIN OPENSSH PRIVATE KEY" in page.text
    assert cloud.world.keypairs["laptop"]["public_key"].startswith("ssh-ed25519 ")
    assert "BEGIN" not in demo.get("/keypairs").text
    assert "already exists" in demo.post("/keypairs/create", 409, name="laptop").text
    demo.post("/keypairs/create", 303, name="mine", public_key="ssh-rsa AAAA x")
    demo.post("/keypairs/delete", 204, htmx=True, ids=["laptop", "mine"])
    assert cloud.world.keypairs == {}


def test_the_halves_of_a_pair_belong_together():
    from cryptography.hazmat.primitives import serialization

    public, private = make_pair("x")
    key = serialization.load_ssh_private_key(private.encode(), None)
    assert (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
        == public
    )


def test_an_image_is_sent_straight_to_the_image_api(cloud, demo, app):
    page = demo.get("/images/create")
    assert f"connect-src 'self' {cloud.url}" in page.headers["Content-Security-Policy"]
    made = demo.post("/images/create", 200, name="tiny", disk_format="raw").json
    assert (
        made["url"] == f"{cloud.url}/image/v2/images/{made['id']}/file"
        and made["token"] in cloud.world.tokens
    )
    assert cloud.world.images[made["id"]]["status"] == "queued"


def test_an_image_through_the_dashboard_is_handed_on_unchanged(cloud, demo):
    demo.get("/images/create")
    made = demo.post("/images/create", 200, name="tiny", disk_format="raw").json
    data = bytes(range(256)) * 20_000
    answer = demo.client.post(
        made["through"],
        data=io.BytesIO(data),
        headers={"X-CSRFToken": demo.csrf},
        content_type="application/octet-stream",
    )
    assert answer.status_code == 204, answer.text
    image = cloud.world.images[made["id"]]
    assert image["size"] == len(data) and image["checksum"] == hashlib.md5(data).hexdigest()
    assert (
        demo.client.post(
            made["through"], data=b"x", content_type="application/octet-stream"
        ).status_code
        == 400
    )


def test_an_image_by_url_and_its_properties(cloud, demo, admin):
    demo.get("/images/create")
    assert (
        "must start with http"
        in demo.post(
            "/images/create", 400, name="x", disk_format="raw", url="file:///etc/passwd"
        ).text
    )
    answer = demo.post(
        "/images/create",
        303,
        name="web",
        disk_format="qcow2",
        url="https://example.org/a.qcow2",
        public="1",
    )
    image = only(cloud.world.images, name="web")
    assert image["status"] == "active" and image["visibility"] == "private"
    demo.get(f"/images/{image['id']}/edit")
    demo.post(
        f"/images/{image['id']}/edit",
        303,
        name="renamed",
        min_disk="3",
        min_ram="0",
        visibility="shared",
        protected="y",
    )
    assert (image["name"], image["min_disk"], image["visibility"], image["protected"]) == (
        "renamed",
        3,
        "shared",
        True,
    )
    assert "renamed" in demo.get(answer.location).text


def test_objects_up_and_down(cloud, demo):
    demo.get("/objects/create")
    demo.post("/objects/create", 303, name="box")
    demo.get("/objects/box")
    data = b"hello \xff" * 1000
    answer = demo.client.post(
        "/objects/box/upload?name=a/b%20c.txt",
        data=data,
        headers={"X-CSRFToken": demo.csrf, "X-File-Type": "text/plain"},
    )
    assert answer.status_code == 200 and answer.json["etag"] == hashlib.md5(data).hexdigest()
    assert "a/" in demo.get("/objects/box").text
    assert "b c.txt" in demo.get("/objects/box?prefix=a/").text
    got = demo.get("/objects/box/file?name=a/b%20c.txt&download=1")
    assert got.data == data and "b%20c.txt" in got.headers["Content-Disposition"]
    assert "hello" in demo.get("/objects/box/show?name=a/b%20c.txt").text
    demo.post("/objects/box/delete", 204, htmx=True, ids=["a/b c.txt"])
    assert cloud.world.containers["box"] == {}
    demo.post("/objects/box/folder?prefix=", 303, name="docs")
    assert "docs/" in cloud.world.containers["box"]
    assert "conflict" in demo.post("/objects/delete?ids=box", 409, htmx=True).text
    assert "slash" in demo.post("/objects/create", 400, name="a/b").text


def test_a_large_file_in_segments_can_be_resumed(cloud, demo):
    cloud.world.containers["box"] = {}
    demo.get("/objects/box")
    heads = {"X-CSRFToken": demo.csrf}
    first = demo.client.post(
        "/objects/box/upload?name=big&segment=big/1/00000000&first=1", data=b"one", headers=heads
    ).json
    there = demo.get("/objects/box/segments?prefix=big/1/").json["segments"]
    assert there == [{"name": "big/1/00000000", "bytes": 3, "etag": first["etag"]}]
    second = demo.client.post(
        "/objects/box/upload?name=big&segment=big/1/00000001", data=b"two", headers=heads
    ).json
    parts = [*there, {"name": "big/1/00000001", "bytes": 3, "etag": second["etag"]}]
    answer = demo.client.post(
        "/objects/box/assemble", json={"name": "big", "segments": parts}, headers=heads
    )
    assert answer.status_code == 200
    assert (
        "PUT",
        "/object/v1/AUTH_" + cloud.world.projects["demo"]["id"] + "/box/big?multipart-manifest=put",
    ) in cloud.log
    assert (
        demo.client.post(
            "/objects/box/assemble", json={"segments": [{}]}, headers=heads
        ).status_code
        == 400
    )


def test_a_temporary_url_is_signed_with_the_key_of_the_account(cloud, demo):
    cloud.world.containers["box"] = {"a": (b"x", "text/plain", {})}
    demo.get("/objects/box/temporary?name=a")
    page = demo.post("/objects/box/temporary", 200, name="a", hours="2").text
    url = urlsplit(re.search(r"http://[^<]*temp_url_sig[^<]*", page)[0].replace("&amp;", "&"))
    query = parse_qs(url.query)
    key = cloud.account["X-Account-Meta-Temp-Url-Key"]
    expected = hmac.new(
        key.encode(), f"GET\n{query['temp_url_expires'][0]}\n{url.path}".encode(), hashlib.sha256
    ).hexdigest()
    assert query["temp_url_sig"] == [expected]
    demo.post("/objects/box/temporary", 400, name="a", hours="0")


def test_access_files_hold_everything_but_the_password(demo, cloud):
    openrc = demo.get("/access/openrc")
    assert (
        "OS_USERNAME=demo" in openrc.text
        and f"OS_AUTH_URL={cloud.url}/identity/v3" in openrc.text
        and "secret" not in openrc.text
    )
    auth = yaml.safe_load(demo.get("/access/clouds.yaml").text)["clouds"]["demo"]["auth"]
    assert auth["project_name"] == "demo" and "password" not in auth


def test_a_name_in_openrc_cannot_run_commands(browser, cloud):
    cloud.world.users["$(reboot)"] = cloud.world.users["demo"] | {"name": "$(reboot)"}
    cloud.world.grants.append(("$(reboot)", "demo", "member"))
    browser.login("$(reboot)")
    assert "OS_USERNAME='$(reboot)'" in browser.get("/access/openrc").text


def test_credentials_are_made_shown_once_and_deleted(demo, cloud):
    demo.get("/access/application/create")
    page = demo.post("/access/application/create", 200, name="robot", roles="reader")
    made = next(iter(cloud.world.credentials.values()))
    assert made["secret"] in page.text and made["roles"] == [{"name": "reader"}]
    assert made["secret"] not in demo.get("/access").text
    demo.post(f"/access/application/{made['id']}/delete", 204, htmx=True)
    assert cloud.world.credentials == {}
    demo.post("/access/ec2/create", 204, htmx=True)
    key = next(iter(cloud.world.ec2.values()))
    assert (
        key["tenant_id"] == cloud.world.projects["demo"]["id"]
        and key["access"] in demo.get("/access").text
    )
    demo.post(f"/access/ec2/{key['access']}/delete", 204, htmx=True)
    assert "differ" in demo.post("/access/password", 400, old="a", new="b", again="c").text


def test_topology_draws_every_network_router_and_server(cloud, demo):
    cloud.world.add_server("web")
    page = demo.get("/topology").text
    for name in ("public", "private", "router1", "web", "10.0.0.0/24"):
        assert name in page
    assert page.count('class="node"') == 2


def test_a_picture_of_many_servers_is_bounded():
    servers = [{"id": str(i), "name": f"s{i}", "status": "ACTIVE"} for i in range(100)]
    picture = draw([], [], [], [], servers)
    assert len(picture["nodes"]) == 60 and picture["left_out"] == 40


def test_a_host_is_disabled_with_a_reason_and_enabled(cloud, admin):
    service = cloud.world.services[0]
    admin.get(f"/admin/services/{service['id']}/disable")
    assert (
        "Please fill this in."
        in admin.post(f"/admin/services/{service['id']}/disable", 400, reason="").text
    )
    admin.post(f"/admin/services/{service['id']}/disable", 303, reason="new disk")
    assert service["status"] == "disabled" and "new disk" in admin.get("/admin/services").text
    admin.post(f"/admin/services/{service['id']}/enable", 204, htmx=True)
    assert service["status"] == "enabled"
    admin.post(f"/admin/services/{service['id']}/force/down", 204, htmx=True)
    assert service["forced_down"] is True


def test_draining_a_host_migrates_its_servers(cloud, admin):
    servers = [cloud.world.add_server(f"s{i}", host="node1") for i in range(3)] + [
        cloud.world.add_server("other", host="node2")
    ]
    admin.post("/admin/hypervisors/node1/drain", 204, htmx=True)
    assert [cloud.world.actions[s["id"]][0]["action"] for s in servers] == ["migratelive"] * 3 + [
        "create"
    ]


def test_aggregates_have_hosts_and_properties(cloud, admin):
    admin.get("/admin/aggregates/create")
    admin.post("/admin/aggregates/create", 303, name="ssd", zone="z1")
    admin.post("/admin/aggregates/1/add?host=node1", 204, htmx=True)
    admin.post("/admin/aggregates/1/property", 303, key="disk", value="ssd")
    aggregate = cloud.world.aggregates[1]
    assert aggregate["hosts"] == ["node1"] and aggregate["metadata"] == {"disk": "ssd"}
    admin.post("/admin/aggregates/1/remove?host=node1", 204, htmx=True)
    admin.post("/admin/aggregates/1/delete", 204, htmx=True)
    admin.get("/admin/aggregates/1", 404)


def test_flavors_are_made_by_administrators(cloud, admin, demo):
    assert "/flavors/create" not in demo.get("/flavors").text
    demo.get("/flavors/create", 403)
    admin.get("/flavors/create")
    admin.post("/flavors/create", 303, name="huge", vcpus="64", ram="1024", disk="0")
    assert only(cloud.world.flavors, name="huge")["vcpus"] == 64


def test_projects_people_roles_and_quotas(cloud, admin):
    admin.get("/admin/projects/create")
    answer = admin.post("/admin/projects/create", 303, name="lab", domain="default")
    project = cloud.world.projects["lab"]
    admin.post("/admin/users/create", 303, name="eve", password="pw12345", domain="default")
    user, role = cloud.world.users["eve"], cloud.world.roles["member"]
    admin.post(f"/admin/projects/{project['id']}/grant", 303, user=user["id"], role=role["id"])
    assert ("eve", "lab", "member") in cloud.world.grants
    assert "eve" in admin.get(answer.location).text
    admin.post(
        f"/admin/projects/{project['id']}/revoke/users/{user['id']}/{role['id']}", 204, htmx=True
    )
    assert ("eve", "lab", "member") not in cloud.world.grants
    admin.get(f"/admin/projects/{project['id']}/quotas")
    admin.post(
        f"/admin/projects/{project['id']}/quotas",
        303,
        **{"compute.cores": "99", "network.router": "-1"},
    )
    assert any(m == "PUT" and "os-quota-sets" in p for m, p in cloud.log)
    assert (
        "must be a number"
        in admin.post(
            f"/admin/projects/{project['id']}/quotas", 400, **{"compute.cores": "lots"}
        ).text
    )
    admin.post(f"/admin/users/{user['id']}/disable", 204, htmx=True)
    assert user["enabled"] is False
    admin.post("/admin/roles/create", 303, name="auditor")
    admin.post(f"/admin/projects/{project['id']}/delete", 204, htmx=True)
    assert "lab" not in cloud.world.projects
