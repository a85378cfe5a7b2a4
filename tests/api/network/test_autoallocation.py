"A network for a project that has none, made when it is asked for."

import threading

import pytest

from network.core import routers
from tests.api.network.test_resources import error, make

PATH = "/v2.0/auto-allocated-topology"


@pytest.fixture
def ground(admin):
    "What a topology is made of."
    ext = make(admin, "network", **{"router:external": True, "is_default": True})["id"]
    cidr = "172.24.4.0/24"
    make(admin, "subnet", network_id=ext, cidr=cidr, ip_version=4, enable_dhcp=False)
    for prefix, length in (("10.128.0.0/16", 26), ("fd00::/48", 64)):
        wish = {"prefixes": [prefix], "default_prefixlen": length}
        make(admin, "subnetpool", name="auto", shared=True, is_default=True, **wish)
    return ext


def _parts(client):
    return {
        plural: client.ok("GET", f"/v2.0/{plural}")[plural]
        for plural in ("networks", "subnets", "routers")
    }


def _allocated(client, path=f"{PATH}/None"):
    return client.ok("GET", path)["auto_allocated_topology"]


def test_it_is_made_once_and_leads_out(demo, ground):
    network = _allocated(demo)["id"]
    assert _allocated(demo) == _allocated(demo, f"{PATH}/" + "d" * 32)
    parts = _parts(demo)
    own = [n for n in parts["networks"] if not n["router:external"]]
    assert [n["id"] for n in own] == [network]
    assert {s["ip_version"] for s in parts["subnets"] if s["network_id"] == network} == {4, 6}
    (router,) = parts["routers"]
    assert router["external_gateway_info"]["network_id"] == ground
    port = make(demo, "port", network_id=network)
    floating = make(demo, "floatingip", floating_network_id=ground, port_id=port["id"])
    assert floating["router_id"] == router["id"]


def test_it_goes_again_when_nobody_is_in_it(demo, ground):
    port = make(demo, "port", network_id=_allocated(demo)["id"])
    error(demo.delete(f"{PATH}/None"), 409, "NetworkInUse")
    assert len(_parts(demo)["routers"]) == 1
    demo.ok("DELETE", f"/v2.0/ports/{port['id']}")
    assert demo.delete(f"{PATH}/None").status_code == 204
    assert demo.delete(f"{PATH}/None").status_code == 204
    parts = _parts(demo)
    assert [n["id"] for n in parts["networks"]] == [ground] and parts["routers"] == []
    assert _allocated(demo)["id"]


def test_what_is_missing_is_said_before_anything_is_made(admin, demo):
    for path in (PATH, f"{PATH}?fields=dry-run"):
        error(demo.get(path), 409, "AutoAllocationFailure")
    make(admin, "network", **{"router:external": True, "is_default": True})
    refused = demo.get(PATH)
    error(refused, 409, "AutoAllocationFailure")
    assert "subnetpools" in refused.text
    assert _parts(demo)["routers"] == []


def test_a_dry_run_makes_nothing(demo, ground):
    assert _allocated(demo, f"{PATH}?fields=dry-run")["id"] == "dry-run=pass"
    assert _parts(demo)["routers"] == []
    assert demo.get(f"{PATH}?fields=id").status_code == 400


def test_what_was_cut_short_is_finished(demo, ground, monkeypatch):
    def dies(*args):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(routers, "add_interface", dies)
        assert demo.get(PATH).status_code == 500
    before = _parts(demo)
    network = _allocated(demo)["id"]
    after = _parts(demo)
    assert {k: len(v) for k, v in before.items()} == {k: len(v) for k, v in after.items()}
    assert make(demo, "port", network_id=network)["fixed_ips"]
    ports = demo.ok("GET", f"/v2.0/ports?network_id={network}")["ports"]
    inner = [p for p in ports if p["device_owner"] == "network:router_interface"]
    assert sum(len(p["fixed_ips"]) for p in inner) == 2


def test_many_at_once_get_the_same(demo, ground):
    found = []

    def ask():
        found.append(demo.get(PATH))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in found} == {200}, [a.text for a in found]
    assert len({a.get_json()["auto_allocated_topology"]["id"] for a in found}) == 1
    parts = _parts(demo)
    assert (len(parts["networks"]), len(parts["routers"])) == (2, 1)


def test_it_is_the_projects_own(demo, other, reader, ground):
    assert demo.get(f"{PATH}/" + "e" * 32).status_code == 403
    assert reader.get(PATH).status_code == 403
    assert _allocated(demo)["id"] != _allocated(other)["id"]
    assert reader.get(PATH).status_code == 200
