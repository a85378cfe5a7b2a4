"Guests that go while they are looked at; libvirt itself is a stand-in."

from __future__ import annotations

from typing import Any

import libvirt
import pytest

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt.host import Host


class Guest:
    "A domain; `failing` is libvirt's code of the error that describing it ends with."

    def __init__(self, number: int, failing: int = 0) -> None:
        self.number, self.failing = number, failing

    def name(self) -> str:
        return f"instance-{self.number}"

    def UUIDString(self) -> str:  # noqa: N802 libvirt's name
        return str(self.number)

    def XMLDesc(self, flags: int) -> str:  # noqa: N802 libvirt's name
        if self.failing:
            error = libvirt.libvirtError("it fails")
            error.err = (self.failing, libvirt.VIR_FROM_QEMU, "it fails", 2, "", "", "", -1, -1)
            raise error
        return f"<domain>{self.number}</domain>"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Host("test:///default")
    guests: list[Guest] = []

    class Connection:
        def listAllDomains(self, flags: int) -> list[Guest]:  # noqa: N802 libvirt's name
            return guests

    monkeypatch.setattr(made, "connection", Connection)
    return made, guests


def test_one_that_goes_meanwhile_is_left_out(host: Any) -> None:
    made, guests = host
    guests += [Guest(1), Guest(2, libvirt.VIR_ERR_NO_DOMAIN), Guest(3)]
    assert made.descriptions() == {"1": "<domain>1</domain>", "3": "<domain>3</domain>"}


def test_other_errors_are_told(host: Any) -> None:
    made, guests = host
    guests += [Guest(1), Guest(2, libvirt.VIR_ERR_INTERNAL_ERROR)]
    with pytest.raises(NodeError, match="describe its guests"):
        made.descriptions()
