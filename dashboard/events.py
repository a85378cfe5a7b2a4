"""What happens in the cloud, live: notifications of the bus, told to the browsers of the project
they belong to.

A browser gets them by server-sent events. A stream holds a thread of the server, so there are few
of them; whoever finds none free, or is
behind a proxy that does not stream, asks `/events/since` every few seconds and misses nothing
either.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request, session, stream_with_context

from common.bus.events import Events
from common.bus.notify import open_envelope
from dashboard.errors import Problem, SessionEnded
from dashboard.who import Who, look_up, state, who

LOG = logging.getLogger(__name__)
BEAT_S = 10
CHECK_S = 30
_NAMES = ("display_name", "name", "hostname", "service", "address", "floating_ip_address")
_IDS = ("instance_id", "instance_uuid", "id", "resource_id", "user_id", "project_id")
_PROJECTS = ("tenant_id", "project_id", "owner", "owner_id")


class Feed:
    "The last events, in order, and who waits for the next. Thread-safe."

    def __init__(self, kept: int = 500) -> None:
        self.epoch = secrets.token_hex(3)
        """Tells numbers of this process from those of another."""
        self._events: deque[dict[str, Any]] = deque(maxlen=kept)
        self._changed = threading.Condition()
        self._last = 0
        self.usage: dict[str, deque[tuple[float, dict[str, Any]]]] = {}
        """Samples of servers, by id, as the compute nodes report them (`compute.usage`)."""

    def listen(self, url: str) -> Events:
        "Hear the bus from now on, in a thread."
        events = Events(url)
        events.listen(["notifications.#", "compute.usage"], self.received)
        return events

    def received(self, topic: str, payload: Any) -> None:
        "What the bus brings."
        if topic == "compute.usage":
            self._sample(payload)
        elif topic.startswith("notifications"):
            self.add(describe(open_envelope(payload)))

    def _sample(self, payload: dict[str, Any]) -> None:
        at = float(payload.get("at") or time.time())
        for server_id, sample in payload.get("servers", {}).items():
            self.usage.setdefault(server_id, deque(maxlen=60)).append((at, sample))
        if len(self.usage) > 20_000:
            self.usage = {k: v for k, v in self.usage.items() if v[-1][0] > at - 600}

    def add(self, event: dict[str, Any]) -> None:
        "A new event, for all who wait."
        with self._changed:
            self._last += 1
            self._events.append(event | {"n": self._last})
            self._changed.notify_all()

    @property
    def last(self) -> int:
        "The number of the newest event."
        return self._last

    def since(self, number: int, project_id: str | None) -> list[dict[str, Any]]:
        "Events after `number` of one project; of all projects when it is None."
        with self._changed:
            return [
                e for e in self._events if e["n"] > number and project_id in (None, e["project"])
            ]

    def wait(self, number: int, timeout_s: float, stream: Stream | None = None) -> None:
        "Until there is an event after `number`, or the time is over, or the stream is."
        with self._changed:
            self._changed.wait_for(
                lambda: self._last > number or (stream is not None and stream.over), timeout_s
            )

    def end(self, stream: Stream) -> None:
        "Let whoever waits for this stream go, now."
        with self._changed:
            stream.over = True
            self._changed.notify_all()


def describe(message: dict[str, Any]) -> dict[str, Any]:
    "What browsers are told of a notification: never the whole payload."
    payload = message.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    kind = str(message.get("event_type", ""))
    inner = _inner(payload, kind)
    return {
        "type": kind,
        "at": str(message.get("timestamp", ""))[:19].replace(" ", "T") + "Z",
        "project": _first(inner, _PROJECTS)
        or _first(payload, _PROJECTS)
        or message.get("_context_project_id"),
        "user": message.get("_context_user_id") or payload.get("user_id"),
        "id": _first(inner, _IDS) or _first(payload, _IDS),
        "name": _first(inner, _NAMES) or _first(payload, _NAMES),
        "state": inner.get("state") or inner.get("status"),
        "task": inner.get("new_task_state") or inner.get("task_state"),
        "progress": inner.get("progress"),
        "error": str(message.get("priority", "")).upper() == "ERROR",
        "reason": _reason(payload),
    }


def _inner(payload: dict[str, Any], kind: str) -> dict[str, Any]:
    "Network notifications wrap the thing in its name; versioned ones in nova_object.data."
    for key in (
        kind.split(".")[0],
        kind.split(".")[1] if kind.count(".") else "",
        "nova_object.data",
    ):
        found = payload.get(key)
        if isinstance(found, dict):
            return found
    return payload


def _first(source: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((str(source[k]) for k in keys if source.get(k)), None)


def _reason(payload: dict[str, Any]) -> str:
    found = payload.get("message") or payload.get("reason") or ""
    if not found and isinstance(payload.get("exception"), dict):
        found = payload["exception"].get("message", "")
    return str(found)[:300]


@dataclass(eq=False)
class Stream:
    "One page that is told events."

    name: str
    over: bool = False


class Streams:
    """The streams there are, at most so many at once. Thread-safe.

    A page that is left closes its stream, which the server notices when it next writes, ten seconds
    later: somebody who clicks through a few pages would hold all streams and be told to poll. So
    every page names its stream, and says which one it comes instead of.
    """

    def __init__(self, feed: Feed, most: int) -> None:
        self._feed, self._most = feed, most
        self._open: dict[str, Stream] = {}
        self._lock = threading.Lock()

    def open(self, name: str, instead: str) -> Stream | None:
        "A new stream, if one is free; the one that had its name, and `instead`, are over."
        with self._lock:
            for old in (self._open.pop(name, None), self._open.pop(instead, None)):
                if old is not None:
                    self._feed.end(old)
            if len(self._open) >= self._most:
                return None
            stream = self._open[name] = Stream(name)
            return stream

    def close(self, stream: Stream) -> None:
        "Its place is free."
        with self._lock:
            if self._open.get(stream.name) is stream:
                del self._open[stream.name]


events = Blueprint("events", __name__)


def _scope(me: Who) -> str | None:
    everything = request.args.get("all") == "1" and me.is_admin
    return None if everything else me.project_id or "-"


def _start(feed: Feed) -> int:
    "The number after which this browser has seen nothing; from now on when it cannot be known."
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or ""
    epoch, _, number = given.partition("-")
    return int(number) if epoch == feed.epoch and number.isdigit() else feed.last


@events.get("/events/since")
def since() -> Any:
    """Polling: what came after `after`, and what to say next time. `recent=1` starts with what is
    kept."""
    me, feed = who(), state().feed
    start = 0 if request.args.get("recent") == "1" else _start(feed)
    found = feed.since(start, _scope(me))[-100:]
    last = feed.last if not found else found[-1]["n"]
    return jsonify(events=found, after=f"{feed.epoch}-{last}")


@events.get("/events")
def stream() -> Response:
    """Server-sent events; 204 (which tells a browser to stop asking) when there is no stream free.

    `page` names the stream, `instead` the one of the page that this tab showed before.
    """
    me, feed, streams, config = who(), state().feed, state().streams, state().config
    scope, number = _scope(me), _start(feed)
    page = request.args.get("page") or secrets.token_hex(8)
    mine = streams.open(_named(me, page), _named(me, request.args.get("instead", "")))
    if mine is None:
        return Response(status=204)
    token = session["token"]

    def body() -> Iterator[str]:
        try:
            yield from _told(feed, mine, scope, number, token, config.events.stream_s)
        finally:
            streams.close(mine)

    answer = Response(stream_with_context(body()), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _named(me: Who, page: str) -> str:
    "Nobody ends the streams of others."
    return f"{me.user_id} {page[:64]}"


def _told(
    feed: Feed, stream: Stream, scope: str | None, number: int, token: str, seconds: float
) -> Iterator[str]:
    ends = time.monotonic() + seconds
    checked = time.monotonic()
    yield f"retry: 2000\nid: {feed.epoch}-{number}\nevent: hello\ndata: {{}}\n\n"
    while time.monotonic() < ends:
        feed.wait(number, BEAT_S, stream)
        if stream.over:
            return
        if time.monotonic() - checked > CHECK_S:
            checked = time.monotonic()
            if not _alive(token):
                yield "event: ended\ndata: {}\n\n"
                return
        newest = feed.last
        told = feed.since(number, scope)
        number = newest
        for event in told:
            yield f"id: {feed.epoch}-{event['n']}\nevent: cloud\ndata: {json.dumps(event)}\n\n"
        if not told:
            yield f": {feed.epoch}\n\n"


def _alive(token: str) -> bool:
    if state().known.get(token) is not None:
        return True
    try:
        look_up(token)
    except SessionEnded:
        return False
    except Problem:
        return True
    return True
