"Interfaces and volumes of running servers, metadata, tags, security groups."

import pytest

from common.errors import Unavailable
from tests.api.compute.cloud import at


@pytest.fixture(scope="module")
def server(cloud):
    return cloud.boot()


def test_an_interface_comes_and_goes(cloud, server):
    path = f"/v2.1/servers/{server['id']}/os-interface"
    net = cloud.networks.add("second")
    made = cloud.member.ok("POST", path, json={"interfaceAttachment": {"net_id": net}})[
        "interfaceAttachment"
    ]
    cloud.until(
        lambda: (
            made["port_id"]
            in [n.port_id for n in cloud.drivers["node-1"].servers[server["id"]].nics]
        )
    )
    assert len(cloud.member.ok("GET", path)["interfaceAttachments"]) == 2
    assert (
        "second" in cloud.member.ok("GET", f"/v2.1/servers/{server['id']}")["server"]["addresses"]
    )
    cloud.member.ok("DELETE", f"{path}/{made['port_id']}", status=202)
    cloud.until(lambda: made["port_id"] not in cloud.networks.ports)
    cloud.until(lambda: cloud.member.get(f"{path}/{made['port_id']}").status_code == 404)


def test_a_port_that_cannot_be_plugged_is_given_back(cloud, server):
    cloud.drivers["node-1"].fail_next("attach_nic", "No free slot.")
    net = next(iter(cloud.networks.networks))
    path = f"/v2.1/servers/{server['id']}/os-interface"
    made = cloud.member.ok("POST", path, json={"interfaceAttachment": {"net_id": net}})[
        "interfaceAttachment"
    ]
    cloud.until(lambda: made["port_id"] not in cloud.networks.ports)
    actions = f"/v2.1/servers/{server['id']}/os-instance-actions"
    cloud.until(
        lambda: cloud.member.ok("GET", actions)["instanceActions"][0]["message"] == "No free slot."
    )


def test_a_volume_comes_and_goes(cloud, server):
    volume = cloud.volumes.add()
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    made = cloud.member.ok("POST", path, json={"volumeAttachment": {"volumeId": volume}})[
        "volumeAttachment"
    ]
    assert made["device"] == "/dev/vdb" and made["id"] == volume
    cloud.until(lambda: cloud.volumes.volumes[volume]["status"] == "in-use")
    again = cloud.member.post(path, json={"volumeAttachment": {"volumeId": volume}})
    assert again.status_code == 400
    shown = cloud.member.ok("GET", f"{path}/{volume}", headers=at("2.89"))["volumeAttachment"]
    assert shown["attachment_id"] in cloud.volumes.attachments and "id" not in shown
    cloud.member.ok("DELETE", f"{path}/{volume}", status=202)
    cloud.until(lambda: cloud.volumes.volumes[volume]["status"] == "available")
    cloud.until(lambda: cloud.member.ok("GET", path)["volumeAttachments"] == [])


def test_a_volume_that_cannot_be_plugged_is_free_again(cloud, server):
    cloud.drivers["node-1"].fail_next("attach_disk", "The export is gone.")
    volume = cloud.volumes.add()
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    cloud.member.ok("POST", path, json={"volumeAttachment": {"volumeId": volume}})
    cloud.until(lambda: cloud.volumes.volumes[volume]["status"] == "available")
    cloud.until(lambda: cloud.member.ok("GET", path)["volumeAttachments"] == [])


@pytest.mark.parametrize(
    "body", [{}, {"volumeId": "x"}, {"volumeId": "11111111-2222-3333-4444-555555555555"}]
)
def test_wrong_volumes(cloud, server, body):
    answer = cloud.member.post(
        f"/v2.1/servers/{server['id']}/os-volume_attachments", json={"volumeAttachment": body}
    )
    assert answer.status_code == 400


def test_metadata(cloud, server):
    path = f"/v2.1/servers/{server['id']}/metadata"
    assert cloud.member.ok("POST", path, json={"metadata": {"a": "1"}})["metadata"]["a"] == "1"
    assert cloud.member.ok("PUT", f"{path}/b", json={"meta": {"b": "2"}}) == {"meta": {"b": "2"}}
    assert cloud.member.ok("GET", path)["metadata"] == {"a": "1", "b": "2"}
    cloud.member.ok("DELETE", f"{path}/a", status=204)
    assert cloud.member.get(f"{path}/a").status_code == 404
    assert cloud.member.put(f"{path}/b", json={"meta": {"c": "2"}}).status_code == 400
    assert cloud.member.ok("PUT", path, json={"metadata": {}})["metadata"] == {}
    too_many = {"metadata": {str(n): "x" for n in range(200)}}
    assert cloud.member.put(path, json=too_many).status_code == 403


def test_tags(cloud, server):
    path = f"/v2.1/servers/{server['id']}/tags"
    h = at("2.26")
    assert cloud.member.put(f"{path}/one", headers=h).status_code == 201
    assert cloud.member.put(f"{path}/one", headers=h).status_code == 204
    assert cloud.member.get(f"{path}/one", headers=h).status_code == 204
    assert cloud.member.ok("PUT", path, json={"tags": ["b", "a"]}, headers=h) == {
        "tags": ["a", "b"]
    }
    for query, found in (
        ("tags=a", 1),
        ("tags=a,c", 0),
        ("tags-any=a,c", 1),
        ("not-tags=a", 0),
        ("not-tags-any=c", 1),
    ):
        assert len(cloud.member.ok("GET", f"/v2.1/servers?{query}", headers=h)["servers"]) == found
    assert cloud.member.put(f"{path}/{'x' * 61}", headers=h).status_code == 400
    assert cloud.member.delete(f"{path}/none", headers=h).status_code == 404
    assert cloud.member.delete(path, headers=h).status_code == 204


def test_security_groups_by_the_old_proxy(cloud, server):
    made = cloud.member.ok(
        "POST",
        "/v2.1/os-security-groups",
        json={"security_group": {"name": "web", "description": "d"}},
    )["security_group"]
    assert made["rules"] == []
    rule = {
        "parent_group_id": made["id"],
        "ip_protocol": "tcp",
        "from_port": 80,
        "to_port": 80,
        "cidr": "0.0.0.0/0",
    }
    assert cloud.member.ok(
        "POST", "/v2.1/os-security-group-rules", json={"security_group_rule": rule}
    )
    shown = cloud.member.ok("GET", f"/v2.1/os-security-groups/{made['id']}")["security_group"]
    assert shown["rules"][0]["from_port"] == 80 and shown["rules"][0]["ip_range"] == {
        "cidr": "0.0.0.0/0"
    }
    again = cloud.member.post("/v2.1/os-security-group-rules", json={"security_group_rule": rule})
    assert again.status_code == 400 and "already exists" in again.text
    rule = {k: v for k, v in rule.items() if k != "cidr"} | {"group_id": made["id"]}
    by_group = cloud.member.ok(
        "POST", "/v2.1/os-security-group-rules", json={"security_group_rule": rule}
    )["security_group_rule"]
    assert by_group["group"]["name"] == "web" and by_group["ip_range"] == {}
    cloud.act(server["id"], "addSecurityGroup", {"name": "web"})
    groups = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}/os-security-groups")[
        "security_groups"
    ]
    assert "web" in [g["name"] for g in groups]
    cloud.act(server["id"], "removeSecurityGroup", {"name": "web"})
    default = {"id": "sg-default", "name": "default", "project_id": "project-1"}
    cloud.networks.groups["sg-default"] = {**default, "security_group_rules": []}
    cloud.act(server["id"], "removeSecurityGroup", {"name": "default"})
    shown = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}")["server"]
    assert "security_groups" not in shown
    assert cloud.member.delete(f"/v2.1/os-security-groups/{made['id']}").status_code == 202
    assert cloud.member.get(f"/v2.1/os-security-groups/{made['id']}").status_code == 404


def test_external_events_bring_floating_addresses(cloud, server):
    port = next(p for p in cloud.networks.ports.values() if p["device_id"] == server["id"])
    cloud.networks._new_floatingip(
        {"port_id": port["id"], "fixed_ip_address": port["fixed_ips"][0]["ip_address"]}
    )
    event = {"name": "network-changed", "server_uuid": server["id"]}
    gone = {"name": "network-changed", "server_uuid": "11111111-2222-3333-4444-555555555555"}
    assert (
        cloud.member.post("/v2.1/os-server-external-events", json={"events": [event]}).status_code
        == 403
    )
    cloud.admin.ok("POST", "/v2.1/os-server-external-events", json={"events": [event]}, status=200)
    assert (
        cloud.admin.post(
            "/v2.1/os-server-external-events", json={"events": [event, gone]}
        ).status_code
        == 207
    )
    unknown = cloud.admin.ok(
        "POST", "/v2.1/os-server-external-events", json={"events": [gone]}, status=207
    )
    assert unknown["events"][0]["code"] == 404
    shown = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}")["server"]["addresses"]
    kinds = [a["OS-EXT-IPS:type"] for rows in shown.values() for a in rows]
    assert "floating" in kinds


def test_list_filters(cloud, server):
    path = "/v2.1/servers/detail"
    address = next(a["addr"] for rows in server["addresses"].values() for a in rows)
    hits = [
        f"name={server['name']}",
        "status=active",
        f"ip={address}",
        f"flavor={server['flavor']['id']}",
        f"image={server['image']['id']}",
        "changes-since=2001-01-01T00:00:00Z",
        "limit=1",
        "sort_key=display_name",
    ]
    for query in hits:
        assert server["id"] in [
            s["id"] for s in cloud.member.ok("GET", f"{path}?{query}")["servers"]
        ], query
    for query in (
        "name=zzz",
        "status=nope",
        "ip=99.9.",
        "flavor=none",
        "changes-since=2051-01-01T12:34:00Z",
        "status=SHUTOFF",
    ):
        assert cloud.member.ok("GET", f"{path}?{query}")["servers"] == [], query
    for query in (
        "limit=-1",
        "limit=x",
        "changes-since=2011/01/01",
        "sort_key=nope",
        "marker=nope",
        "name=*x",
        "sort_dir=up&sort_key=uuid",
    ):
        assert cloud.member.get(f"{path}?{query}").status_code == 400, query
    for query in ("all_tenants=1", "status=DELETED", "sort_key=host"):
        assert cloud.member.get(f"{path}?{query}").status_code == 403, query


def test_pages(cloud, server):
    more = [cloud.boot(name=f"page{n}")["id"] for n in range(3)]
    seen, url = [], "/v2.1/servers?name=page&limit=2"
    while url:
        answer = cloud.member.ok("GET", url)
        seen += [s["id"] for s in answer["servers"]]
        url = next(
            (x["href"].removeprefix("http://localhost") for x in answer.get("servers_links", [])),
            None,
        )
    assert seen == more[::-1]


def test_a_port_whose_plugging_cannot_be_noted_is_unplugged_again(cloud, server, monkeypatch):
    def start_done(self, work):
        raise RuntimeError("a defect")

    monkeypatch.setattr("compute.conductor.flows.attach.AttachNic.start_done", start_done)
    net = next(iter(cloud.networks.networks))
    path = f"/v2.1/servers/{server['id']}/os-interface"
    made = cloud.member.ok("POST", path, json={"interfaceAttachment": {"net_id": net}})
    port = made["interfaceAttachment"]["port_id"]
    cloud.until(lambda: port not in cloud.networks.ports)
    plugged = cloud.drivers["node-1"].servers[server["id"]]
    cloud.until(lambda: port not in [n.port_id for n in plugged.nics])


def test_a_volume_service_that_is_away_at_the_end_of_an_attachment_is_asked_again(
    cloud, server, monkeypatch
):
    from compute.core import volumes

    whole, away = volumes.complete, []

    def complete(*args):
        if not away:
            away.append(1)
            raise Unavailable("The volume service cannot be reached.")
        whole(*args)

    monkeypatch.setattr(volumes, "complete", complete)
    volume = cloud.volumes.add()
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    cloud.member.ok("POST", path, json={"volumeAttachment": {"volumeId": volume}})
    cloud.until(lambda: cloud.volumes.volumes[volume]["status"] == "in-use")
    assert away


def test_a_volume_whose_attachment_cannot_be_noted_is_unplugged_again(cloud, server, monkeypatch):
    def complete(*args):
        raise RuntimeError("a defect")

    monkeypatch.setattr("compute.core.volumes.complete", complete)
    volume = cloud.volumes.add()
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    cloud.member.ok("POST", path, json={"volumeAttachment": {"volumeId": volume}})
    cloud.until(lambda: cloud.volumes.volumes[volume]["status"] == "available")
    plugged = cloud.drivers["node-1"].servers[server["id"]]
    cloud.until(lambda: volume not in [d.volume_id for d in plugged.disks])
