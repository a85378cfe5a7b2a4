"""Contracts: one class says what a server on the bus understands; client and server are both made
from it.

    class Agent(Contract, topic="compute.agent", revision=2):
        @cast()
        def build(self, job_id: str, spec: ServerSpec) -> None: "Make and start a server."

        @call(timeout=FAST, since=2)
        def console_log(self, server_id: str) -> str: "The serial console's text."

The methods have no body. Arguments are JSON values and dataclasses of them. Changes are additive
only: a new method says
`since`, a new argument has a default.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, ClassVar

from common.errors import Conflict

URGENT, FAST, NORMAL, SLOW = 10, 60, 300, 1800
"""Seconds that a call may take."""


class NodeTooOld(Conflict):
    """{topic} on {host} has revision {revision}; {method} needs revision {needed}. Upgrade that
    node first."""


@dataclasses.dataclass(frozen=True)
class Method:
    "One entry of a contract."

    name: str
    kind: str
    timeout: int
    since: int
    parameters: dict[str, Any]
    required: frozenset[str]


class Contract:
    "Parent of contracts. `topic` names the queues, `revision` grows with every addition."

    topic: ClassVar[str]
    revision: ClassVar[int]
    methods: ClassVar[dict[str, Method]]

    def __init_subclass__(cls, *, topic: str, revision: int) -> None:
        cls.topic, cls.revision = topic, revision
        cls.methods = {}
        for name, function in vars(cls).items():
            if hasattr(function, "_contract"):
                cls.methods[name] = _method(name, function)


def _method(name: str, function: Any) -> Method:
    kind, timeout, since = function._contract
    hints = typing.get_type_hints(function)
    signature = inspect.signature(function).parameters
    names = [n for n in signature if n != "self"]
    required = frozenset(n for n in names if signature[n].default is inspect.Parameter.empty)
    return Method(name, kind, timeout, since, {n: hints.get(n, Any) for n in names}, required)


F = typing.TypeVar("F", bound=Callable[..., Any])


def call(*, timeout: int = FAST, since: int = 1) -> Callable[[F], F]:
    "A method with an answer, waited for at most `timeout` seconds."

    def mark(function: F) -> F:
        function._contract = ("call", timeout, since)  # type: ignore[attr-defined]
        return function

    return mark


def cast(*, since: int = 1) -> Callable[[F], F]:
    "A method without an answer; the message waits in a durable queue for a server that is away."

    def mark(function: F) -> F:
        function._contract = ("cast", 0, since)  # type: ignore[attr-defined]
        return function

    return mark


def to_wire(value: Any) -> Any:
    "Dataclasses as plain objects, all the way down."
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_wire(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): to_wire(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_wire(v) for v in value]
    return value


def from_wire(kind: Any, value: Any) -> Any:
    """`value` as type `kind`: unknown keys of a dataclass are ignored, missing ones take their
    default."""
    if value is None:
        return None
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(kind) if a is not type(None)]
        return from_wire(inner[0], value) if len(inner) == 1 else value
    if origin is list:
        return [from_wire(typing.get_args(kind)[0], v) for v in value]
    if origin is dict:
        return {k: from_wire(typing.get_args(kind)[1], v) for k, v in value.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = {f.name for f in dataclasses.fields(kind) if f.init}
        return kind(**{k: from_wire(hints[k], v) for k, v in value.items() if k in known})
    return value
