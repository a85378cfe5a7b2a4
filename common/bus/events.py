"""Facts for whoever wants them: fan-out over one topic exchange, JSON bodies, lossy by design.

A listener that was away has missed what was said, and is told so (`on_connect`): it then reads the
state from its source.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from kombu import Connection, Consumer, Exchange, Queue
from kombu.pools import producers

LOG = logging.getLogger(__name__)
Callback = Callable[[str, Any], None]
_TRANSPORT = {"socket_timeout": 10, "connect_timeout": 5}


class Events:
    "Publish and listen on the exchange `altostratus`. Thread-safe."

    def __init__(self, url: str, exchange: str = "altostratus") -> None:
        self.url = "memory://" if url.startswith("fake") else url
        self.exchange = Exchange(exchange, type="topic", durable=True)
        self._memory = self.url.startswith("memory")
        self._connection = self._connect()
        self._listeners: list[Listener] = []
        self._down_until = 0.0

    def _connect(self) -> Connection:
        return Connection(
            self.url,
            heartbeat=0,
            transport_options={} if self._memory else {"confirm_publish": False},
            connect_timeout=5,
        )

    def publish(self, topic: str, payload: Any, *, expires_s: float | None = None) -> bool:
        """Tell everybody who listens to `topic` now. Returns False (and logs) when the broker is
        away: callers never depend on delivery. After a failure the broker is left alone for 2 s, or
        for as long as it kept us waiting, so that a dead one costs no request time."""
        began = time.monotonic()
        if began < self._down_until:
            return False
        body = json.dumps(payload)
        try:
            with producers[self._connection].acquire(block=True, timeout=5) as producer:
                if not self._at_once(producer, topic, body, expires_s):
                    producer.publish(
                        body,
                        exchange=self.exchange,
                        routing_key=topic,
                        declare=[self.exchange],
                        content_type="application/json",
                        content_encoding="utf-8",
                        delivery_mode=1,
                        expiration=expires_s,
                        retry=True,
                        retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
                    )
            return True
        except Exception as error:  # kombu raises what its transport raises: sockets, amqp, its own
            LOG.warning("event %s was not sent: %s", topic, error)
            now = time.monotonic()
            self._down_until = now + max(2.0, now - began)
            return False

    def _at_once(self, producer: Any, topic: str, body: str, expires_s: float | None) -> bool:
        """On a channel that works, without what kombu does for each message in case it does not:
        a third of the CPU of a login was that. False: it has to be sent with all care."""
        try:
            channel = producer.channel
            if getattr(channel, "altostratus_exchange", None) != self.exchange.name:
                self.exchange.bind(channel).declare()
                channel.altostratus_exchange = self.exchange.name
            properties: dict[str, Any] = {"delivery_mode": 1}
            if expires_s is not None:
                properties["expiration"] = str(int(expires_s * 1000))
            message = channel.prepare_message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                properties=properties,
            )
            channel.basic_publish(message, exchange=self.exchange.name, routing_key=topic)
            return True
        except Exception as error:  # of any transport; the careful way reconnects, or says why not
            LOG.debug("event %s: %s", topic, error)
            return False

    def listen(
        self,
        topics: str | list[str],
        callback: Callback,
        *,
        on_connect: Callable[[], None] | None = None,
        on_disconnect: Callable[[], None] | None = None,
    ) -> Listener:
        """`callback(topic, payload)` for each event, in a thread of its own, until `stop()`.
        `on_connect` runs whenever the queue has just been (re)connected, `on_disconnect` as soon as
        the connection is lost."""
        names = [topics] if isinstance(topics, str) else topics
        listener = Listener(self, names, callback, on_connect, on_disconnect)
        listener.start()
        self._listeners.append(listener)
        return listener

    def close(self) -> None:
        "Stop all listeners and disconnect."
        for listener in self._listeners:
            listener.stop()
        self._connection.release()


class Listener(threading.Thread):
    "A queue of its own, deleted with its connection."

    def __init__(
        self,
        events: Events,
        topics: list[str],
        callback: Callback,
        on_connect: Callable[[], None] | None,
        on_disconnect: Callable[[], None] | None,
    ) -> None:
        super().__init__(name=f"events-{topics[0]}", daemon=True)
        self._events, self._topics, self._callback = events, topics, callback
        self._on_connect, self._on_disconnect = on_connect, on_disconnect
        self._stopping = threading.Event()
        self.connected = threading.Event()

    def run(self) -> None:
        "Listen; reconnect for ever, at most every second."
        while not self._stopping.is_set():
            try:
                self._session()
            except Exception as error:  # any transport's error: the broker is away or closed on us
                if not self._stopping.is_set():
                    LOG.warning("listening to %s: %s; trying again", ", ".join(self._topics), error)
            if self.connected.is_set():
                self.connected.clear()
                if self._on_disconnect:
                    self._on_disconnect()
            self._stopping.wait(1.0)

    def _session(self) -> None:
        connection = Connection(
            self._events.url, heartbeat=0 if self._events._memory else 30, connect_timeout=5
        )
        with connection, connection.channel() as channel:
            queue = Queue(
                f"altostratus.listener.{uuid.uuid4().hex}",
                exchange=self._events.exchange,
                exclusive=not self._events._memory,
                auto_delete=True,
                durable=False,
                channel=channel,
            )
            self._events.exchange.bind(channel).declare()
            queue.queue_declare()
            for topic in self._topics:
                queue.bind_to(exchange=self._events.exchange.name, routing_key=topic)
            with Consumer(
                channel, [queue], callbacks=[self._received], no_ack=True, auto_declare=False
            ):
                self.connected.set()
                if self._on_connect:
                    self._on_connect()
                self._drain(connection)

    def _drain(self, connection: Connection) -> None:
        beat = time.monotonic()
        while not self._stopping.is_set():
            try:
                connection.drain_events(timeout=0.2 if self._events._memory else 5)
            except (TimeoutError, socket.timeout):  # noqa: UP041 kombu's memory transport raises queue-like ones
                pass
            if not self._events._memory and time.monotonic() - beat > 10:
                connection.heartbeat_check()
                beat = time.monotonic()

    def _received(self, body: Any, message: Any) -> None:
        topic = message.delivery_info.get("routing_key", "")
        try:
            self._callback(topic, json.loads(body) if isinstance(body, str | bytes) else body)
        except Exception:  # one bad event must not end the listening
            LOG.exception("event %s", topic)

    def stop(self) -> None:
        "End the thread (it notices within seconds; nothing waits for it)."
        self._stopping.set()
