"Contracts over a real RabbitMQ: what nobody takes is said at once, what was taken is never lost."

import threading
import time

import pytest

from common.bus import FAST, Contract, Events, call, cast, open_bus
from common.bus.rpc import BusUnavailable, NobodyListens
from tests.support.rabbitmq import Broker


class Mailbox(Contract, topic="test.mailbox", revision=1):
    @cast()
    def put(self, text: str) -> None:
        "Keep a text."

    @call(timeout=FAST)
    def count(self) -> int:
        "How many texts there are."

    @call(timeout=1)
    def any(self) -> bool:
        "Whether there are texts."


class Desk:
    def __init__(self):
        self.texts, self.came = [], threading.Semaphore(0)

    def put(self, text):
        self.texts.append(text)
        self.came.release()

    def count(self):
        return len(self.texts)

    def any(self):
        return bool(self.texts)


@pytest.fixture(scope="module")
def broker():
    with Broker() as started:
        yield started


@pytest.fixture
def bus(broker):
    opened = open_bus(broker.url)
    yield opened
    opened.close()


def test_a_server_that_never_was_is_named_at_once(bus):
    client, began = bus.client(Mailbox, host="nowhere"), time.monotonic()
    with pytest.raises(NobodyListens, match="test.mailbox on nowhere"):
        client.count()
    with pytest.raises(NobodyListens, match="put"):
        client.put("lost")
    assert time.monotonic() - began < 10


def test_a_cast_waits_for_a_server_that_is_away(broker, bus):
    first = open_bus(broker.url)
    first.serve(Mailbox, Desk(), host="h1")
    assert bus.client(Mailbox, host="h1").count() == 0
    first.close()
    bus.client(Mailbox, host="h1").put("waiting")
    desk, second = Desk(), open_bus(broker.url)
    second.serve(Mailbox, desk, host="h1")
    try:
        assert desk.came.acquire(timeout=30)
        assert desk.texts == ["waiting"]
    finally:
        second.close()


def test_a_restarted_broker_is_found_again_by_both_sides(broker):
    near, far, desk = open_bus(broker.url), open_bus(broker.url), Desk()
    far.serve(Mailbox, desk, host="h2")
    client = near.client(Mailbox, host="h2")
    client.put("before")
    assert desk.came.acquire(timeout=30)
    broker.stop()
    try:
        with pytest.raises(BusUnavailable):
            client.put("while it is away")
    finally:
        broker.start()
    deadline = time.monotonic() + 60
    while True:
        try:
            client.put("after")
            break
        except BusUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    assert desk.came.acquire(timeout=60)
    assert desk.texts[-1] == "after"
    for end in (near, far):
        end.close()


def test_a_broker_that_hangs_is_a_bus_that_is_away(broker):
    near, far, desk = open_bus(broker.url), open_bus(broker.url), Desk()
    far.serve(Mailbox, desk, host="h3")
    near.client(Mailbox, host="h3").put("before")
    assert desk.came.acquire(timeout=30)
    fresh, asking, events = open_bus(broker.url), open_bus(broker.url), Events(broker.url)
    assert asking.client(Mailbox, host="h3").any()
    broker.hang()
    try:
        # on a connection that stands, on a new one, and for those who come after
        for end, send in ((near, "put"), (fresh, "put"), (asking, "any")):
            client, began = end.client(Mailbox, host="h3"), time.monotonic()
            with pytest.raises(BusUnavailable):
                client.put("while it hangs") if send == "put" else client.any()
            assert time.monotonic() - began < 9
            began = time.monotonic()
            with pytest.raises(BusUnavailable, match="a moment ago"):
                end.client(Mailbox, host="h3").count()
            assert time.monotonic() - began < 0.5
        began = time.monotonic()
        assert not events.publish("news.two", {})
        assert time.monotonic() - began < 15
        began = time.monotonic()
        assert not events.publish("news.two", {})
        assert time.monotonic() - began < 0.5
    finally:
        broker.go_on()
    deadline = time.monotonic() + 60
    while True:
        try:
            near.client(Mailbox, host="h3").put("after")
            break
        except BusUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    while "after" not in desk.texts:
        assert desk.came.acquire(timeout=60)
    for end in (near, far, fresh, asking):
        end.close()
    events.close()


def test_events_are_told_again_when_the_broker_is_back(broker):
    heard, speaker, listener = [], Events(broker.url), Events(broker.url)
    connected = threading.Semaphore(0)
    listener.listen("news.#", lambda t, p: heard.append((t, p)), on_connect=connected.release)
    assert connected.acquire(timeout=30)

    def told(word, seconds=60):
        "Told until it is heard: what is said while nobody can hear it is lost."
        deadline = time.monotonic() + seconds
        while ("news.one", {"word": word}) not in heard:
            assert time.monotonic() < deadline, heard
            speaker.publish("news.one", {"word": word}, expires_s=60)
            time.sleep(0.2)

    told("first")
    for n in range(50):
        assert speaker.publish("news.many", n)
    broker.stop()
    try:
        deadline = time.monotonic() + 20
        while speaker.publish("news.one", {"word": "nobody hears"}):
            assert time.monotonic() < deadline, "a dead broker is not noticed"
    finally:
        broker.start()
    told("again")
    assert [p for t, p in heard if t == "news.many"] == list(range(50)), "each once, in order"
    for end in (speaker, listener):
        end.close()
