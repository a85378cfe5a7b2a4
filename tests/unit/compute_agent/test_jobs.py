"""Orders: journaled, carried out once in the right order, reported exactly once, also across a
crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import Unavailable
from compute.agent.drivers import RUNNING, Work
from compute.agent.drivers.fake import AWAY, FakeDriver
from compute.agent.jobs import Jobs
from compute.agent.journal import Job, Journal
from compute.agent.orders import Orders
from compute.agent.reconcile import Reconciler
from compute.agent.reports import Reporter
from compute.contracts.specs import ImageSource, ServerSpec


class BusAway(Unavailable):
    "The bus is away."


class Conductor:
    "The other end: keeps what it is told; `away` makes every send fail."

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.steps: list[tuple[str, str]] = []
        self.changes: list[Any] = []
        self.wanted: dict[str, Any] = {}
        self.away = False

    def _check(self) -> None:
        if self.away:
            raise BusAway()

    def finished(self, **report: Any) -> None:
        self._check()
        self.told.append(report)

    def progress(self, job_id: str, server_id: str, step: str, detail: Any = None) -> None:
        self._check()
        self.steps.append((job_id, step))

    def power_changed(self, host: str, state: Any) -> None:
        self._check()
        self.changes.append((host, state))

    def inventory(self, host: Any) -> dict[str, Any]:
        self._check()
        self.seen = host
        return self.wanted


class Agent:
    "The parts of an agent on the fake driver."

    def __init__(self, state: Path, conductor: Conductor, driver: FakeDriver | None = None) -> None:
        self.driver = driver or FakeDriver("h")
        self.journal = Journal(state / "jobs")
        self.reporter = Reporter(conductor, self.journal, "h", retry_s=0.02)  # type: ignore[arg-type]
        self.jobs = Jobs(
            self.driver,
            self.journal,
            parallel=4,
            report=self.reporter.finished,
            tell=self.reporter.progress,
        )
        self.reconciler = Reconciler(
            self.driver, self.jobs, self.journal, self.reporter, boot_id="b"
        )
        self.orders = Orders(self.driver, self.jobs, self.reconciler.run)
        self.reporter.start()

    def stop(self) -> None:
        self.jobs.stop()
        self.reporter.stop()


def until(true: Callable[[], Any], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def spec(server_id: str = "s1", **fields: Any) -> ServerSpec:
    return ServerSpec(
        id=server_id, name="n", project_id="p", user_id="u", vcpus=1, memory_mib=64, **fields
    )


@pytest.fixture
def conductor() -> Conductor:
    return Conductor()


def test_an_order_is_carried_out_and_told_once(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor)
    agent.orders.build(job_id="j1", spec=spec())
    until(lambda: conductor.told)
    assert conductor.told[0]["job_id"] == "j1" and conductor.told[0]["ok"] is True
    assert conductor.told[0]["server_id"] == "s1" and conductor.told[0]["power_state"] == RUNNING
    until(lambda: not agent.journal.open_jobs())
    assert [s for _, s in conductor.steps] == ["block_device_mapping", "networking", "spawning"]
    agent.stop()
    assert len(conductor.told) == 1


def test_an_order_that_comes_twice_is_told_again_but_not_done_again(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor)
    agent.orders.build(job_id="j1", spec=spec())
    until(lambda: conductor.told)
    agent.orders.build(job_id="j1", spec=spec())
    until(lambda: len(conductor.told) == 2)
    assert conductor.told[0] == conductor.told[1]
    assert agent.driver.log == [("build", "s1")]
    agent.stop()


def test_the_cause_of_a_failure_is_told_in_a_sentence(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor)
    agent.driver.fail_next("build", "The disk of this host is full.")
    agent.orders.build(job_id="j1", spec=spec())
    until(lambda: conductor.told)
    assert conductor.told[0]["ok"] is False
    assert conductor.told[0]["fault"] == "The disk of this host is full."
    agent.stop()


def test_an_order_outlives_a_restart_of_the_hypervisor(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor)
    agent.driver.fail_next("build", AWAY)
    agent.driver.fail_next("build", AWAY)
    agent.orders.build(job_id="b", spec=spec())
    until(lambda: conductor.told)
    assert conductor.told[0]["ok"] and agent.driver.servers.keys() == {"s1"}
    agent.stop()


def test_an_order_that_waits_for_the_hypervisor_is_overtaken_by_the_deletion(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor)
    for _ in range(100):
        agent.driver.fail_next("build", AWAY)
    agent.orders.build(job_id="b", spec=spec())
    agent.orders.destroy(job_id="d", server_id="s1")
    until(lambda: len(conductor.told) == 2)
    ends = {t["job_id"]: t for t in conductor.told}
    assert not ends["b"]["ok"] and ends["b"]["detail"]["cancelled"] and ends["d"]["ok"]
    agent.stop()


def test_an_order_that_waits_for_the_hypervisor_is_left_to_the_next_agent(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor)
    for _ in range(100):
        agent.driver.fail_next("build", AWAY)
    agent.orders.build(job_id="b", spec=spec())
    until(lambda: agent.jobs.busy())
    agent.stop()
    assert not conductor.told
    later = Agent(tmp_path, conductor)
    later.jobs.resume()
    until(lambda: conductor.told)
    assert conductor.told[0]["ok"]
    later.stop()


def test_orders_of_one_server_run_in_order_and_servers_side_by_side(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor, FakeDriver("h", delays_s={"build": 0.2}))
    started = time.monotonic()
    for n in range(4):
        agent.orders.build(job_id=f"b{n}", spec=spec(f"s{n}"))
        agent.orders.power(job_id=f"p{n}", spec=spec(f"s{n}"), action="stop", grace_s=0)
    until(lambda: len(conductor.told) == 8)
    assert time.monotonic() - started < 0.7, "four builds of 0.2 s ran one after another"
    for n in range(4):
        mine = [o for o, s in agent.driver.log if s == f"s{n}"]
        assert mine == ["build", "stop", "power"]
    agent.stop()


def test_a_deletion_overtakes_what_waits_and_stops_what_runs(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor, FakeDriver("h", delays_s={"build": 30}))
    agent.orders.build(job_id="b", spec=spec())
    agent.orders.power(job_id="p", spec=spec(), action="stop", grace_s=0)
    agent.orders.destroy(job_id="d", server_id="s1")
    until(lambda: len(conductor.told) == 3)
    by_id = {t["job_id"]: t for t in conductor.told}
    assert by_id["d"]["ok"] and not by_id["b"]["ok"] and not by_id["p"]["ok"]
    assert by_id["b"]["detail"]["cancelled"] and by_id["p"]["detail"]["cancelled"]
    assert agent.driver.servers == {}
    agent.stop()


def test_a_killed_agent_resumes_what_it_had_accepted(tmp_path: Path, conductor: Conductor) -> None:
    journal = Journal(tmp_path / "jobs")
    arguments = {
        "spec": {
            "id": "s1",
            "name": "n",
            "project_id": "p",
            "user_id": "u",
            "vcpus": 1,
            "memory_mib": 64,
            "unknown": "of a newer conductor",
        }
    }
    journal.write(Job(id="j1", method="build", subject="s1", arguments=arguments))
    journal.write(
        Job(
            id="j0",
            method="destroy",
            subject="s0",
            arguments={"server_id": "s0"},
            outcome={"ok": True, "fault": "", "detail": None, "power_state": 0},
        )
    )
    (tmp_path / "jobs" / "half.json").write_text('{"id": "ha')
    agent = Agent(tmp_path, conductor)
    agent.jobs.resume()
    until(lambda: len(conductor.told) == 2)
    assert {t["job_id"]: t["ok"] for t in conductor.told} == {"j0": True, "j1": True}
    assert agent.driver.log == [("build", "s1")], "what had ended was only told, not done again"
    agent.stop()


def test_a_report_waits_for_the_bus(tmp_path: Path, conductor: Conductor) -> None:
    conductor.away = True
    agent = Agent(tmp_path, conductor)
    agent.orders.build(job_id="j1", spec=spec())
    until(lambda: agent.driver.servers)
    time.sleep(0.1)
    assert conductor.told == [] and len(agent.journal.open_jobs()) == 1
    conductor.away = False
    until(lambda: conductor.told)
    agent.stop()


def test_secrets_do_not_stay_in_the_journal(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor)
    agent.orders.build(job_id="j1", spec=spec(admin_password="hunter2"))
    until(lambda: conductor.told)
    until(lambda: not agent.journal.open_jobs())
    agent.stop()
    assert all("hunter2" not in p.read_text() for p in tmp_path.rglob("*") if p.is_file())


def test_reconcile_removes_strays_quietly_and_leaves_busy_ones(
    tmp_path: Path, conductor: Conductor
) -> None:
    agent = Agent(tmp_path, conductor)
    agent.driver.build(Work(), spec("stray"))
    conductor.wanted = {"servers": {}, "destroy": ["stray"]}
    agent.reconciler.run()
    until(lambda: not agent.driver.servers)
    assert [d.server_id for d in conductor.seen.domains] == ["stray"]
    agent.stop()
    assert conductor.told == []


def test_report_says_which_servers_a_job_runs_for(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor, FakeDriver("h", delays_s={"build": 0.3}))
    agent.orders.build(job_id="b", spec=spec())
    agent.reconciler.run()
    assert conductor.seen.busy == ["s1"] and conductor.seen.boot_id == "b"
    until(lambda: conductor.told)
    agent.stop()


def test_calls_are_answered_by_the_driver(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor)
    agent.driver.build(Work(), spec())
    assert agent.orders.console_log("s1", 2).count("\n") == 2
    assert agent.orders.diagnostics("s1")["state"] == "running"
    assert "load average" in agent.orders.host_uptime()
    with pytest.raises(AttributeError):
        agent.orders.no_such_order  # noqa: B018
    agent.stop()


def test_many_orders_end_in_one_report_each(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor, FakeDriver("h", faults={"build": 0.3}, seed=1))
    threads = [
        threading.Thread(
            target=lambda n=n: [  # type: ignore[misc]
                agent.orders.build(job_id=f"{n}-{m}", spec=spec(f"s{n}")) for m in range(10)
            ]
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(conductor.told) >= 80, 30)
    agent.stop()
    ids = [t["job_id"] for t in conductor.told]
    assert len(ids) == len(set(ids)) == 80
    assert 0 < sum(not t["ok"] for t in conductor.told) < 80


def test_image_orders_report_no_server(tmp_path: Path, conductor: Conductor) -> None:
    agent = Agent(tmp_path, conductor)
    agent.orders.cache_image(job_id="c", image=ImageSource(id="i", url="http://x"))
    until(lambda: conductor.told)
    assert conductor.told[0]["server_id"] == "" and conductor.told[0]["ok"]
    agent.stop()
