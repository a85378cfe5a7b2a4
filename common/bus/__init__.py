"""The bus: contracts (oslo.messaging), facts for whoever listens (kombu), notifications in the
ecosystem's envelope.

oslo.messaging is imported only by processes that use a contract: the others stay 40 MiB smaller.
"""

from common.bus.contract import FAST, NORMAL, SLOW, URGENT, Contract, NodeTooOld, call, cast
from common.bus.events import Events
from common.bus.notify import Notifier

__all__ = [
    "FAST",
    "NORMAL",
    "SLOW",
    "URGENT",
    "Contract",
    "Events",
    "NodeTooOld",
    "Notifier",
    "call",
    "cast",
    "open_bus",
]


def open_bus(url: str):  # type: ignore[no-untyped-def]
    "The oslo.messaging side, see `common.bus.rpc.Bus`."
    from common.bus.rpc import Bus

    return Bus(url)
