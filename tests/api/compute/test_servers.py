"Create, show, list and delete servers."


def test_a_server_is_built_and_deleted_and_leaves_nothing(fresh):
    cloud = fresh()
    server = cloud.boot(metadata={"a": "b"})
    assert server["name"] == "one" and server["metadata"] == {"a": "b"}
    assert server["addresses"]["private"][0]["OS-EXT-IPS:type"] == "fixed"
    assert cloud.drivers["node-1"].servers.keys() == {server["id"]}
    assert len(cloud.networks.ports) == 1
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.gone(server["id"])
    assert not cloud.networks.ports and not cloud.drivers["node-1"].servers
    assert all(
        i == 0
        for h in cloud.admin.ok("GET", "/v2.1/os-hypervisors/detail")["hypervisors"]
        for i in (h["vcpus_used"], h["memory_mb_used"], h["local_gb_used"])
    )
