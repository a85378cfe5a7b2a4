"Nothing stays unfinished: lost messages, dead processes, dead nodes, services that are away."

import time

import pytest

from compute.conductor.service import Conductor
from tests.api.compute.cloud import at


def test_a_wake_that_is_lost_is_found(fresh, monkeypatch):
    cloud = fresh()
    monkeypatch.setattr("compute.core.work.wake", lambda *a, **k: None)
    assert cloud.boot()["status"] == "ACTIVE"


@pytest.mark.parametrize("step", ["start", "prepare", "order_done"])
def test_a_conductor_that_dies_at_a_step_is_taken_over_from(fresh, monkeypatch, step):
    cloud = fresh(**{"conductor.lease_s": 1})
    from compute.conductor.flows import FLOWS

    flow, died = FLOWS["build"], []
    whole = getattr(type(flow), step)

    def die_after(self, work):
        if not died:
            died.append(step)
            if step == "prepare":
                # ports are made, and nothing of it was written down
                from compute.core import network

                server, _ = self._load(work)
                network.make_ports(work.deps, server, server.host, server.request["networks"], [])
            raise SystemExit("killed")
        return whole(self, work)

    monkeypatch.setattr(type(flow), step, die_after)
    server = cloud.boot()
    assert died and server["status"] == "ACTIVE"
    assert len(cloud.networks.ports) == 1
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    assert not cloud.networks.ports and not cloud.drivers["node-1"].servers


def test_an_order_that_is_lost_is_sent_again(fresh, monkeypatch):
    cloud = fresh(**{"conductor.resend_s": 1})
    from compute.conductor.work import Work

    send, lost = Work.send, []

    def lose(self, host, order, cast):
        if not lost:
            lost.append(order)
            return
        send(self, host, order, cast)

    monkeypatch.setattr(Work, "send", lose)
    assert cloud.boot()["status"] == "ACTIVE" and lost


def test_a_second_conductor_may_run(fresh):
    cloud = fresh()
    other = Conductor(cloud.deps)
    other.reconciler.sweep()
    made = [cloud.boot(wait=None)["id"] for _ in range(4)]
    for server_id in made:
        other.driver.wake(_jobs(cloud, server_id))
    for server_id in made:
        cloud.wait(server_id)
    assert len(cloud.networks.ports) == 4
    other.driver.close()


def _jobs(cloud, server_id):
    from compute.store import work

    with cloud.deps.db.read() as session:
        return [j.id for j in work.open_jobs(session, server_id=server_id)]


def test_a_server_on_a_dead_host_is_deleted_and_cleaned_up_when_it_returns(fresh):
    cloud = fresh()
    server = cloud.boot()
    service = next(
        s
        for s in cloud.admin.ok("GET", "/v2.1/os-services", headers=at("2.53"))["services"]
        if s["binary"] == "nova-compute"
    )
    path = f"/v2.1/os-services/{service['id']}"
    cloud.admin.ok("PUT", path, json={"forced_down": True}, headers=at("2.53"))
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.gone(server["id"])
    assert server["id"] in cloud.drivers["node-1"].servers and not cloud.networks.ports
    cloud.nodes["node-1"].loop.wake()
    cloud.until(lambda: server["id"] not in cloud.drivers["node-1"].servers)


def test_a_network_service_that_is_away_delays_and_does_not_lose(fresh):
    cloud = fresh()
    server = cloud.boot()
    cloud.networks.down = True
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.until(
        lambda: (
            cloud.admin.ok("GET", f"/v2.1/servers/{server['id']}")["server"]["status"] == "ERROR"
        )
    )
    cloud.networks.down = False
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.gone(server["id"])
    assert not cloud.networks.ports


def test_a_bus_that_is_away_is_not_a_host_that_is_down(fresh, monkeypatch):
    cloud = fresh(**{"compute.host_down_s": 2, "conductor.resend_s": 1})
    server = cloud.boot()
    cloud.nodes["node-1"].loop.stop()  # no report comes, as over a bus that is away
    away = [True]
    whole = type(cloud.bus).client

    def client(self, contract, *args, **kwargs):
        if away[0]:
            self.down_until = time.monotonic() + 60
        else:
            self.down_until = 0.0
        return whole(self, contract, *args, **kwargs)

    monkeypatch.setattr(type(cloud.bus), "client", client)
    cloud.act(server["id"], "os-stop")
    time.sleep(5)
    shown = cloud.admin.ok("GET", f"/v2.1/servers/{server['id']}")["server"]
    assert shown["OS-EXT-STS:task_state"] == "powering-off" and _jobs(cloud, server["id"])
    away[0] = False
    cloud.nodes["node-1"].jobs.stop()  # and now the host is down
    cloud.until(lambda: not _jobs(cloud, server["id"]))
    assert cloud.wait(server["id"])["status"] == "ACTIVE"


def test_a_guest_that_stops_by_itself_is_shown_as_stopped(fresh):
    cloud = fresh()
    server = cloud.boot()
    cloud.drivers["node-1"].crash(server["id"])
    assert cloud.wait(server["id"], "SHUTOFF")["OS-EXT-STS:power_state"] == 4


def test_a_delete_during_a_build_wins(fresh):
    cloud = fresh(hosts=())
    cloud.add_host("slow", delays_s={"build": 1.0})
    server = cloud.boot(wait=None)
    cloud.until(lambda: cloud.networks.ports)
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.gone(server["id"])
    cloud.until(lambda: not cloud.drivers["slow"].servers)
    assert not cloud.networks.ports
    assert cloud.admin.ok("GET", "/v2.1/os-hypervisors/detail")["hypervisors"][0]["vcpus_used"] == 0


def test_old_rows_are_purged(fresh):
    from datetime import timedelta

    from common.db import utcnow
    from compute.store import servers

    cloud = fresh()
    server = cloud.boot()
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    with cloud.deps.db.write() as session:
        servers.touch(session, server["id"], deleted_at=utcnow() - timedelta(days=31))
    cloud.conductor.reconciler._purged_at = utcnow() - timedelta(days=1)
    cloud.conductor.reconciler.reconcile()

    def purged():
        with cloud.deps.db.read() as session:
            return servers.get(session, server["id"], deleted=True) is None

    cloud.until(purged)  # the conductor's own pass may be the one that does it


def test_an_address_whose_event_was_lost_shows_after_the_next_pass(fresh):
    cloud = fresh()
    server = cloud.boot()
    port = next(p for p in cloud.networks.ports.values() if p["device_id"] == server["id"])
    inner = port["fixed_ips"][0]["ip_address"]
    floating = cloud.networks._new_floatingip({"port_id": port["id"], "fixed_ip_address": inner})
    cloud.conductor.reconciler.reconcile()
    shown = cloud.admin.ok("GET", f"/v2.1/servers/{server['id']}")["server"]["addresses"]
    addresses = [a["addr"] for some in shown.values() for a in some]
    assert floating["floating_ip_address"] in addresses
