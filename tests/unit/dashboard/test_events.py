"Live events: what is kept, who is told, streams and polling."

import json
import queue
import threading
import time

import pytest

from common.bus.events import Events
from common.bus.notify import Notifier
from common.context import Context
from dashboard.events import Feed, Stream, describe


@pytest.fixture
def feed(app):
    return app.extensions["dashboard"].feed


def event(project, name="web", kind="compute.instance.create.end"):
    return describe(
        {
            "event_type": kind,
            "timestamp": "2026-11-24 00:00:00.1",
            "priority": "INFO",
            "_context_user_id": "u",
            "payload": {
                "tenant_id": project,
                "instance_id": "i",
                "display_name": name,
                "state": "active",
            },
        }
    )


def test_a_notification_on_the_bus_reaches_the_browser_of_its_project_only(app, cloud, demo, feed):
    bus = feed.listen("memory://")
    notifier = Notifier(Events("memory://"), "compute.node1")
    project = cloud.world.projects["demo"]["id"]
    deadline = time.monotonic() + 10
    while feed.last == 0 and time.monotonic() < deadline:
        notifier.info(
            Context(user_id="u1", project_id=project),
            "compute.instance.create.end",
            {"tenant_id": project, "display_name": "mine", "state": "active", "secret": "x"},
        )
        time.sleep(0.1)
    bus.close()
    feed.add(event("another"))
    told = demo.get("/events/since?recent=1").json["events"]
    assert told and {e["name"] for e in told} == {"mine"}
    assert (
        told[0]["type"] == "compute.instance.create.end"
        and told[0]["user"] == "u1"
        and "secret" not in json.dumps(told)
    )


def test_polling_goes_on_where_it_was(cloud, demo, feed):
    project = cloud.world.projects["demo"]["id"]
    after = demo.get("/events/since").json["after"]
    feed.add(event(project, "one"))
    answer = demo.get(f"/events/since?after={after}").json
    assert [e["name"] for e in answer["events"]] == ["one"]
    feed.add(event(project, "two"))
    assert [
        e["name"] for e in demo.get(f"/events/since?after={answer['after']}").json["events"]
    ] == ["two"]


def test_numbers_of_another_process_mean_from_now_on(cloud, demo, feed):
    feed.add(event(cloud.world.projects["demo"]["id"]))
    assert demo.get("/events/since?after=abc123-0").json["events"] == []


def test_only_administrators_see_all_projects(cloud, demo, admin, feed):
    feed.add(event("somewhere", "other"))
    assert demo.get("/events/since?recent=1&all=1").json["events"] == []
    assert [e["name"] for e in admin.get("/events/since?recent=1&all=1").json["events"]] == [
        "other"
    ]


def test_a_stream_tells_what_happens_and_ends(make_dashboard, cloud):
    from tests.unit.dashboard.conftest import Browser

    app = make_dashboard(**{"events.stream_s": 5})
    feed = app.extensions["dashboard"].feed
    person = Browser(app.test_client()).login("demo")
    project = cloud.world.projects["demo"]["id"]
    threading.Timer(0.3, feed.add, [event(project, "streamed")]).start()
    answer = person.client.get("/events")
    assert answer.mimetype == "text/event-stream"
    chunks = []
    for chunk in answer.iter_encoded():
        chunks.append(chunk.decode())
        if "streamed" in chunks[-1]:
            break
    answer.close()
    assert "event: hello" in chunks[0] and f"id: {feed.epoch}-1" in chunks[-1]


def test_when_all_slots_are_taken_the_browser_is_told_to_poll(make_dashboard, cloud):
    from tests.unit.dashboard.conftest import Browser

    app = make_dashboard(**{"events.max_streams": 1})
    person = Browser(app.test_client()).login("demo")
    first = person.client.get("/events")
    next(first.iter_encoded())
    assert person.client.get("/events").status_code == 204
    first.close()
    again = person.client.get("/events")
    assert again.status_code == 200
    again.close()


def test_a_page_takes_the_stream_of_the_page_before(make_dashboard, cloud):
    """Clicking through pages does not use up the streams: who waits in the old one is let go at
    once. Every page has a thread, as in the server."""
    from tests.unit.dashboard.conftest import Browser

    app = make_dashboard(**{"events.max_streams": 1, "events.stream_s": 20})
    person = Browser(app.test_client()).login("demo")

    def look(number: int, answers: queue.Queue[int]) -> None:
        answer = person.client.get(f"/events?page={number}&instead={number - 1}")
        for _ in answer.iter_encoded():
            answers.put(answer.status_code)
        answer.close()
        answers.put(0)

    pages: list[queue.Queue[int]] = []
    for number in range(1, 5):
        pages.append(queue.Queue())
        threading.Thread(target=look, args=(number, pages[-1]), daemon=True).start()
        assert pages[-1].get(timeout=3) == 200
        if number > 1:
            assert pages[-2].get(timeout=3) == 0, "the page before was let go"
    assert person.client.get("/events?page=9").status_code == 204, "only its own"
    other = Browser(app.test_client()).login("admin")
    assert other.client.get("/events?page=a&instead=4").status_code == 204, "not of others"
    assert person.client.get("/events?page=4").status_code == 200, "again"


def test_who_waits_in_a_stream_that_is_over_is_let_go():
    feed = Feed()
    stream = Stream("one")
    waiting = threading.Thread(target=feed.wait, args=(feed.last, 30, stream))
    waiting.start()
    feed.end(stream)
    waiting.join(3)
    assert not waiting.is_alive()


def test_streams_never_take_the_threads_of_pages(make_dashboard):
    streams = (
        make_dashboard(**{"events.max_streams": 50, "api.threads": 6})
        .extensions["dashboard"]
        .streams
    )
    assert [bool(streams.open(name, "")) for name in "abc"] == [True, True, False]


def test_events_need_a_login(browser):
    browser.get("/events", 303)
    browser.get("/events/since", 303)


@pytest.mark.parametrize(
    "message, expected",
    [
        (
            {
                "event_type": "network.create.end",
                "payload": {
                    "network": {"id": "n", "name": "net", "tenant_id": "p", "status": "ACTIVE"}
                },
            },
            ("net", "n", "p"),
        ),
        (
            {"event_type": "image.upload", "payload": {"id": "i", "name": "img", "owner": "p"}},
            ("img", "i", "p"),
        ),
        (
            {
                "event_type": "instance.create.end",
                "payload": {
                    "nova_object.data": {"uuid": "s", "display_name": "web", "tenant_id": "p"}
                },
            },
            ("web", None, "p"),
        ),
        (
            {"event_type": "x", "payload": "not an object", "_context_project_id": "p"},
            (None, None, "p"),
        ),
        ({}, (None, None, None)),
    ],
)
def test_what_is_told_of_a_notification(message, expected):
    told = describe(message)
    assert (told["name"], told["id"], told["project"]) == expected


def test_old_events_are_forgotten_and_samples_bounded():
    feed = Feed(10)
    for i in range(50):
        feed.add(event("p", str(i)))
    assert len(feed.since(0, "p")) == 10
    for i in range(100):
        feed.received("compute.usage", {"at": float(i), "servers": {"s": {"cpu_ns": i}}})
    assert len(feed.usage["s"]) == 60
