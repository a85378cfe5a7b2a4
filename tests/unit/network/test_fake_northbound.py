"The stand-in for OVN keeps rows, parents and references as the planner's changes say."

import pytest

from common.errors import Unavailable
from network.contracts.northbound import Row
from network.core.plan.diff import changes
from tests.fakes.northbound import FakeNorthbound

SWITCH = Row("Logical_Switch", "s", "network:1", {"name": "s"})
PORT = Row("Logical_Switch_Port", "p", "port:1", {"up": [1]}, (("Logical_Switch", "s", "ports"),))


def test_what_was_applied_no_longer_differs():
    fake = FakeNorthbound()
    fake.apply(changes([SWITCH, PORT], fake.actual(None)))
    assert changes([SWITCH, PORT], fake.actual(None)) == []
    assert {r.key for r in fake.actual({"port:1"})} == {"p"}


def test_a_row_that_is_wanted_no_more_goes():
    fake = FakeNorthbound()
    fake.apply(changes([SWITCH, PORT], []))
    fake.apply(changes([SWITCH], fake.actual(None)))
    assert set(fake.table("Logical_Switch_Port")) == set()


def test_an_update_names_what_changes():
    other = Row("Logical_Switch_Port", "p", "port:1", {"up": [2]}, ())
    (change,) = changes([other], [PORT])
    assert (change.kind, change.columns, change.leave) == ("update", {"up": [2]}, PORT.parents)
    assert str(change) == "update Logical_Switch_Port p up -Logical_Switch.ports"


def test_sets_are_equal_in_any_order():
    one = Row("Address_Set", "a", "ag:1", {"addresses": ["1", "2"]})
    two = Row("Address_Set", "a", "ag:1", {"addresses": ["2", "1"]})
    assert changes([one], [two]) == []


def test_away_is_away():
    fake = FakeNorthbound()
    fake.away = True
    with pytest.raises(Unavailable):
        fake.actual(None)
