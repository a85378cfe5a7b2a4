"kill -9 of any process while a server is built, and a bus that goes: nothing stays stuck."

import os
import signal

import pytest

from devstack import programs
from tests.e2e.cloud.conftest import until

OURS = [program.name for program in programs.services()]


@pytest.mark.parametrize("name", OURS)
def test_server_ends_well_or_with_a_reason(cloud, name):
    cloud.wait_well()
    server = cloud.boot()
    pid = cloud.keeper.states()[name]["pid"]
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: cloud.keeper.states()[name]["pid"] not in (0, pid),
        60,
        f"supervisor has not started {name} again",
    )
    found = cloud.settled(server)
    if found.status == "ERROR":
        assert found.fault["message"]
    cloud.wait_well()
    cloud.delete(found)
    until(lambda: not cloud.traces(server.id), 90, "something of the server is left")
    until(lambda: not cloud.waiting_messages(), 30, "messages are left in the queues")


def test_message_queue_away_while_a_server_is_built(cloud):
    if "rabbitmq" not in cloud.keeper.states():
        pytest.skip("the message queue is the machine's own, which others use")
    cloud.wait_well()
    cloud.keeper.stop(["rabbitmq"])
    try:
        server = cloud.boot()
    finally:
        cloud.keeper.start(["rabbitmq"])
    found = cloud.settled(server, 300)
    assert found.status == "ACTIVE", found.fault
    cloud.delete(found)
    until(lambda: not cloud.traces(server.id), 90, "something of the server is left")
