"""Contracts: what is declared is what client and server do."""

import dataclasses
import threading

import pytest

from common.bus import FAST, Contract, NodeTooOld, call, cast, open_bus
from common.bus.contract import from_wire, to_wire
from common.errors import Conflict


@dataclasses.dataclass
class Part:
    name: str
    size: int = 1


@dataclasses.dataclass
class Thing:
    id: str
    parts: list[Part] = dataclasses.field(default_factory=list)
    main: Part | None = None
    by_name: dict[str, Part] = dataclasses.field(default_factory=dict)


class Workshop(Contract, topic="test.workshop", revision=2):
    @cast()
    def build(self, thing: Thing, hurry: bool = False) -> None:
        "Build."

    @call(timeout=FAST)
    def count(self, thing: Thing) -> int:
        "How many parts."

    @call(timeout=FAST, since=2)
    def newer(self) -> str:
        "Only in revision 2."


class ToolBroken(Conflict):
    "The {tool} is broken."


class Implementation:
    def __init__(self):
        self.built, self.done = [], threading.Event()

    def build(self, thing, hurry=False):
        self.built.append((thing, hurry))
        self.done.set()

    def count(self, thing):
        if not thing.parts:
            raise ToolBroken(tool="saw")
        return len(thing.parts)

    def newer(self):
        raise ZeroDivisionError("oops")


@pytest.fixture
def workshop():
    bus, implementation = open_bus("fake://"), Implementation()
    bus.serve(Workshop, implementation, host="h1")
    yield bus, implementation
    bus.close()


def test_dataclasses_arrive_as_they_left(workshop):
    bus, implementation = workshop
    thing = Thing("t", [Part("a"), Part("b", 2)], Part("m"), {"x": Part("y")})
    bus.client(Workshop, host="h1").build(thing, hurry=True)
    assert implementation.done.wait(5)
    assert implementation.built == [(thing, True)]


def test_answers_and_errors_come_back(workshop):
    client = workshop[0].client(Workshop, host="h1")
    assert client.count(Thing("t", [Part("a")])) == 1
    with pytest.raises(Exception, match="The saw is broken.") as caught:
        client.count(Thing("t"))
    assert caught.value.code == 409
    with pytest.raises(Exception, match="ZeroDivisionError: oops"):
        client.newer()


def test_an_older_node_is_not_asked_for_what_it_lacks(workshop):
    with pytest.raises(NodeTooOld, match="revision 1"):
        workshop[0].client(Workshop, host="h1", revision=1).newer()


def test_wrong_arguments_fail_at_the_caller(workshop):
    client = workshop[0].client(Workshop, host="h1")
    for wrong in ((), (Thing("t"), True, 3)):
        with pytest.raises(TypeError):
            client.build(*wrong)
    with pytest.raises(TypeError):
        client.build(Thing("t"), unknown=1)


def test_unknown_keys_are_ignored_and_missing_ones_take_defaults():
    wire = to_wire(Thing("t", [Part("a")])) | {"from_the_future": 1}
    wire["parts"][0]["colour"] = "red"
    del wire["main"], wire["by_name"]
    assert from_wire(Thing, wire) == Thing("t", [Part("a")])
