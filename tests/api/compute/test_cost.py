"What one create costs behind the scenes, and that lists cost the same however long they are."

import contextlib
import os
import sqlite3
import threading

import pytest
from sqlalchemy import event

from tests.api.compute.cloud import at

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE", "sqlite") != "sqlite",
    reason="the end of a build is watched in SQLite's file, so that watching is not counted",
)


@contextlib.contextmanager
def counted(cloud):
    "Counts SQL statements, calls to other services, and messages on the bus."
    found = {"sql": [], "http": [], "bus": []}
    lock = threading.Lock()

    def statement(connection, cursor, text, *rest):
        if not text.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")):
            with lock:
                found["sql"].append(text)

    driver = cloud.bus.transport._driver
    send = driver.send

    def sent(target, ctxt, message, *rest, **more):
        with lock:
            found["bus"].append(message.get("method"))
        return send(target, ctxt, message, *rest, **more)

    peers = (cloud.images, cloud.networks, cloud.volumes)
    before = [len(p.calls) for p in peers]
    event.listen(cloud.deps.db.engine, "before_cursor_execute", statement)
    driver.send = sent
    try:
        yield found
    finally:
        driver.send = send
        event.remove(cloud.deps.db.engine, "before_cursor_execute", statement)
        for peer, n in zip(peers, before, strict=True):
            found["http"] += peer.calls[n:]


def test_a_create_is_6_calls_40_statements_6_messages(fresh):
    # the loops that look for lost work run on their own clock: not part of a create
    cloud = fresh(**{"conductor.reconcile_s": 3600})
    cloud.boot()
    body = cloud.body()
    with counted(cloud) as found:
        made = cloud.member.ok("POST", "/v2.1/servers", json=body)["server"]["id"]
        cloud.until(lambda: cloud.drivers["node-1"].log and _active(cloud, made))
    assert len(found["http"]) <= 6, found["http"]
    assert len(found["bus"]) <= 6, found["bus"]
    assert len(found["sql"]) <= 40, "\n".join(found["sql"])


def _active(cloud, server_id):
    # asked of another database connection, so that asking is not counted
    path = cloud.deps.db.engine.url.database
    if not path:
        return False
    with contextlib.closing(sqlite3.connect(path)) as connection:
        row = connection.execute(
            "SELECT vm_state FROM servers WHERE id = ?", (server_id,)
        ).fetchone()
    return row and row[0] == "active"


def test_lists_cost_a_constant_number_of_statements(fresh):
    cloud = fresh(**{"conductor.reconcile_s": 3600, "quota.instances": 50})
    counts = []
    for wanted in (2, 12):
        while len(cloud.member.ok("GET", "/v2.1/servers")["servers"]) < wanted:
            cloud.boot()
        with counted(cloud) as found:
            answer = cloud.admin.ok(
                "GET", "/v2.1/servers/detail?all_tenants=1", headers=at("2.100")
            )
        assert len(answer["servers"]) == wanted
        counts.append(len([s for s in found["sql"] if "FROM jobs" not in s]))
    assert counts[0] == counts[1] <= 6
