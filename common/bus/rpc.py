"""Contracts on oslo.messaging: typed clients, dispatching servers, threads only.

oslo.service must be told to use threads before anything of oslo.messaging is imported, else it
brings eventlet.
"""

from __future__ import annotations

import importlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import amqp.exceptions  # noqa: E402
import kombu.exceptions  # noqa: E402
import oslo_messaging  # noqa: E402
import oslo_messaging.opts  # noqa: E402
from oslo_config import cfg  # noqa: E402

from common.bus.contract import Contract, Method, NodeTooOld, from_wire, to_wire  # noqa: E402
from common.context import Context, request_id_var  # noqa: E402
from common.errors import Error, Unavailable  # noqa: E402

LOG = logging.getLogger(__name__)
C = TypeVar("C", bound=Contract)
# oslo.messaging lets through what a new connection raises, such as to a broker that accepts it and
# then says nothing
_BROKEN = (OSError, kombu.exceptions.KombuError, amqp.exceptions.AMQPError)
_PATIENCE_S, _LEAVE_S, _LEAVE_LONGEST_S = 5.0, 2.0, 10.0


class BusUnavailable(Unavailable):
    "The message bus cannot be reached: {reason}"


class NoAnswer(Unavailable):
    "{topic} on {host} did not answer {method} within {timeout} s."


class NobodyListens(BusUnavailable):
    "{topic} on {host} has never been started: nobody can take {method}."


class RemoteError(Error):
    "{message}"

    def __init__(self, code: int = 500, message: str = "", kind: str = "Error") -> None:
        super().__init__(message=message)
        self.code, self.remote_kind = code, kind  # type: ignore[misc]


def _conf(url: str) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    for group, options in oslo_messaging.opts.list_opts():
        conf.register_opts(options, group=group)
    for module, options in (
        ("_tracing", "oslo_messaging_tracing"),
        ("_metrics", "oslo_messaging_metrics"),
    ):
        # The library declares these on its global configuration only, and reads them from ours.
        try:
            client = importlib.import_module(f"oslo_messaging.{module}.client")
        except ImportError:
            continue
        conf.register_opts(getattr(client, options), group=options)
    conf.set_override("executor_thread_pool_size", 16)
    if url.startswith("amqp"):
        for name, value in {
            "rabbit_quorum_queue": True,
            "amqp_durable_queues": True,
            "heartbeat_timeout_threshold": 30,
            "kombu_reconnect_delay": 0.5,
            "rabbit_retry_interval": 1,
            "rabbit_retry_backoff": 1,
            "rabbit_interval_max": 5,
            "kombu_missing_consumer_retry_timeout": 5,
            "rabbit_transient_quorum_queue": False,
            "rabbit_transient_queues_ttl": 600,
        }.items():
            conf.set_override(name, value, "oslo_messaging_rabbit")
    return conf


class Bus:
    "One connection to the broker, shared by the clients and servers of a process."

    def __init__(self, url: str) -> None:
        self.url = url
        self.conf = _conf(url)
        oslo_url = "rabbit" + url[4:] if url.startswith("amqp") else url
        self.transport = oslo_messaging.get_rpc_transport(self.conf, url=oslo_url)
        self._servers: list[Any] = []
        self.down_until = 0.0

    def client(
        self,
        contract: type[C],
        ctx: Context | None = None,
        *,
        host: str | None = None,
        revision: int | None = None,
    ) -> C:
        """A proxy with the methods of `contract`. `revision` is what the server at `host` has
        reported: a method that it lacks raises NodeTooOld. A cast raises BusUnavailable when the
        broker is away, NobodyListens when the server's queue does not exist yet; a call also
        NoAnswer."""
        return cast(C, _Client(self, contract, ctx, host, revision))

    def serve(
        self, contract: type[Contract], implementation: object, *, host: str, threads: int = 16
    ) -> Any:
        """Answer `contract` with the methods of `implementation`, at most `threads` at once; the
        returned server has stop() and wait()."""
        self.conf.set_override("executor_thread_pool_size", threads)
        target = oslo_messaging.Target(topic=contract.topic, server=host)
        endpoint = _Endpoint(contract, implementation)
        server = oslo_messaging.get_rpc_server(
            self.transport,
            target,
            [endpoint],
            executor="threading",
            access_policy=oslo_messaging.DefaultRPCAccessPolicy,
        )
        server.start()
        self._servers.append(server)
        return server

    def close(self) -> None:
        "Stop serving, let running work finish, disconnect."
        for server in self._servers:
            server.stop()
        for server in self._servers:
            server.wait()
        self._servers.clear()
        self.transport.cleanup()


class _Client:
    def __init__(
        self,
        bus: Bus,
        contract: type[Contract],
        ctx: Context | None,
        host: str | None,
        revision: int | None,
    ) -> None:
        target = oslo_messaging.Target(topic=contract.topic, server=host)
        self._bus = bus
        # Without at_least_once the broker drops what is sent to a queue that nobody has made yet,
        # and says nothing: a call would then wait its whole patience for an answer.
        self._client = oslo_messaging.get_rpc_client(
            bus.transport,
            target,
            transport_options=oslo_messaging.TransportOptions(at_least_once=True),
        )
        self._contract, self._host, self._revision = contract, host or "any host", revision
        self._wire = {"request_id": ctx.request_id if ctx else request_id_var.get()}

    def __getattr__(self, name: str) -> Any:
        method = self._contract.methods.get(name)
        if method is None:
            raise AttributeError(name)
        if self._revision is not None and self._revision < method.since:
            raise NodeTooOld(
                topic=self._contract.topic,
                host=self._host,
                revision=self._revision,
                method=name,
                needed=method.since,
            )

        def invoke(*args: Any, **kwargs: Any) -> Any:
            return self._invoke(method, _bind(method, args, kwargs))

        return invoke

    def _invoke(self, method: Method, arguments: dict[str, Any]) -> Any:
        wire = to_wire(arguments)
        if time.monotonic() < self._bus.down_until:
            raise BusUnavailable(reason="it was away a moment ago")
        began = time.monotonic()
        try:
            if method.kind == "cast":
                client = self._client.prepare(retry=0)
                _patiently(lambda: client.cast(self._wire, method.name, **wire), _PATIENCE_S)
                return None
            client = self._client.prepare(timeout=method.timeout, retry=2)
            answer = _patiently(
                lambda: client.call(self._wire, method.name, **wire), method.timeout + _PATIENCE_S
            )
        except oslo_messaging.MessagingTimeout:
            raise NoAnswer(
                topic=self._contract.topic,
                host=self._host,
                method=method.name,
                timeout=method.timeout,
            ) from None
        except oslo_messaging.MessageUndeliverable:
            raise NobodyListens(
                topic=self._contract.topic, host=self._host, method=method.name
            ) from None
        except (oslo_messaging.MessageDeliveryFailure, *_BROKEN) as error:
            # A dead broker must cost one caller a moment, not every request its patience; one that
            # hangs is left alone for as long as it kept this one waiting.
            took = time.monotonic() - began
            leave_s = min(max(_LEAVE_S, took), _LEAVE_LONGEST_S)
            self._bus.down_until = time.monotonic() + leave_s
            raise BusUnavailable(reason=str(error) or type(error).__name__) from None
        if "error" in answer:
            raise RemoteError(**answer["error"])
        return answer.get("result")


def _patiently(send: Callable[[], Any], patience_s: float) -> Any:
    """What `send` returns, if it does within `patience_s`: oslo.messaging waits a minute on the
    connection of a broker that hangs, and a request that has done its work would wait with it.
    What was given up may still arrive. Raises TimeoutError, and what `send` raises."""
    outcome: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((send(), None))
        except Exception as error:
            outcome.put((None, error))

    threading.Thread(target=run, name="send", daemon=True).start()
    try:
        result, error = outcome.get(timeout=patience_s)
    except queue.Empty:
        raise TimeoutError(f"it has said nothing for {patience_s:.0f} s") from None
    if error is not None:
        raise error
    return result


def _bind(method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    arguments = dict(zip(method.parameters, args, strict=False)) | kwargs
    unknown, missing = (
        arguments.keys() - method.parameters.keys(),
        method.required - arguments.keys(),
    )
    if unknown or missing or len(args) > len(method.parameters):
        raise TypeError(f"{method.name}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    return arguments


class _Endpoint:
    "What oslo.messaging dispatches to: it finds methods by name."

    def __init__(self, contract: type[Contract], implementation: object) -> None:
        for name, method in contract.methods.items():
            setattr(self, name, _handler(method, getattr(implementation, name)))


def _handler(method: Method, function: Any) -> Any:
    def handle(wire: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        request_id_var.set(wire.get("request_id", "-"))
        known = {
            k: from_wire(method.parameters[k], v)
            for k, v in arguments.items()
            if k in method.parameters
        }
        try:
            return {"result": to_wire(function(**known))}
        except Error as error:
            return {"error": {"code": error.code, "message": error.message, "kind": error.kind}}
        except (
            Exception
        ) as error:  # a fault of this side must reach the caller as a sentence, and our log in full
            LOG.exception("%s failed", method.name)
            return {
                "error": {
                    "code": 500,
                    "message": f"{type(error).__name__}: {error}",
                    "kind": "Internal",
                }
            }

    return handle
