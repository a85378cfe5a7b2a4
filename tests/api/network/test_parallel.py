"""Many requests at once: addresses are neither given twice nor lost, limits hold exactly, and an
outbox entry that was committed late is not forgotten. Runs on SQLite, and with TEST_DATABASE on
PostgreSQL and MariaDB."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from network.store import outbox
from network.store.models import Pending
from tests.support import client

WORKERS = 32
PROJECT = "d" * 32


@pytest.fixture
def crowd(app):
    "Runs `work(client, n)` for each n at once, each in a thread with a client of its own."
    local = threading.local()

    def run(work, count):
        def one(n):
            if not hasattr(local, "client"):
                local.client = client(app, project_id=PROJECT, roles=["member"])
            return work(local.client, n)

        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture
def small(demo):
    "A network with a /26, and how many ports fit: all but network, broadcast, gateway, metadata."
    net = demo.ok("POST", "/v2.0/networks", json={"network": {}})["network"]
    body = {"network_id": net["id"], "cidr": "10.0.0.0/26", "ip_version": 4}
    demo.ok("POST", "/v2.0/subnets", json={"subnet": body})
    return net["id"], 64 - 4


def answers(demo, network_id):
    "address -> port id, of ports as they are."
    ports = demo.ok("GET", f"/v2.0/ports?network_id={network_id}")["ports"]
    return {f["ip_address"]: p["id"] for p in ports for f in p["fixed_ips"]}


def create(network_id):
    return lambda c, n: c.post("/v2.0/ports", json={"port": {"network_id": network_id}})


def test_a_slash_26_gives_each_of_its_addresses_once_and_then_says_so(demo, crowd, small):
    network_id, fit = small
    done = crowd(create(network_id), 96)
    good = [a.json["port"] for a in done if a.status_code == 201]
    bad = [a for a in done if a.status_code != 201]
    given = [f["ip_address"] for p in good for f in p["fixed_ips"]]
    assert len(given) == len(set(given)) == fit
    assert {a.status_code for a in bad} == {409} and len(bad) == 96 - fit
    for answer in bad:
        error = answer.json["NeutronError"]
        assert error["type"] == "IpAddressGenerationFailure"
        assert error["message"] == f"No more IP addresses available on network {network_id}."
    assert {a: answers(demo, network_id)[a] for a in given} == {
        p["fixed_ips"][0]["ip_address"]: p["id"] for p in good
    }


def test_addresses_that_are_given_back_are_given_again(demo, crowd, small):
    network_id, fit = small
    ports = [a.json["port"]["id"] for a in crowd(create(network_id), fit)]

    def swap(c, n):
        assert c.delete(f"/v2.0/ports/{ports[n]}").status_code == 204
        return create(network_id)(c, n).status_code

    assert set(crowd(swap, fit)) == {201}
    assert len(answers(demo, network_id)) == fit + 1  # and metadata's
    assert create(network_id)(demo, 0).status_code == 409


def test_one_of_many_gets_the_address_that_all_want(admin, demo, crowd, small):
    network_id, _ = small
    # the port of the metadata service has an address of its own choice
    free = {"10.0.0.40", "10.0.0.41"} - set(answers(admin, network_id))
    wish = {"port": {"network_id": network_id, "fixed_ips": [{"ip_address": min(free)}]}}
    done = crowd(lambda c, n: c.post("/v2.0/ports", json=wish), WORKERS)
    assert sorted(a.status_code for a in done) == [201] + [409] * (WORKERS - 1)
    kinds = {a.json["NeutronError"]["type"] for a in done if a.status_code == 409}
    assert kinds == {"IpAddressAlreadyAllocated"}


def test_a_quota_holds_when_many_ask_at_once(admin, demo, crowd, small):
    network_id, _ = small
    admin.ok("PUT", f"/v2.0/quotas/{PROJECT}", json={"quota": {"port": 10}})
    made = [a.status_code for a in crowd(create(network_id), WORKERS)]
    used = len(answers(demo, network_id))
    assert made.count(201) == 10 - (used - made.count(201)) and used == 10
    assert set(made) == {201, 409}


def test_one_default_security_group_whoever_comes_first(demo, crowd, small):
    network_id, _ = small
    done = crowd(create(network_id), WORKERS)
    assert len({tuple(a.json["port"]["security_groups"]) for a in done}) == 1
    named = demo.ok("GET", "/v2.0/security-groups?name=default")["security_groups"]
    assert len(named) == 1


def test_what_was_committed_late_stays_in_the_outbox(deps):
    with deps.db.write() as session:
        outbox.mark(session, "port:a", "port:b")
    with deps.db.read() as session:
        numbers, scopes = outbox.pending(session)
    assert scopes == {"port:a", "port:b"}
    with deps.db.write() as session:  # a transaction that had taken a lower number
        session.add(Pending(seq=numbers[0] - 1, scope="port:late"))
    with deps.db.write() as session:
        outbox.done(session, numbers)
    with deps.db.read() as session:
        assert outbox.pending(session)[1] == {"port:late"}
