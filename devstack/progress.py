"""Steps with their times: with colours on a terminal when rich is there, plain lines otherwise.

with step("Message queue"):
    ...
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

try:
    from rich.console import Console
except ImportError:  # before the virtual environment exists
    Console = None  # type: ignore[assignment,misc]


class Refused(Exception):
    "The machine or the request does not allow it; the message says what to do about it."


def console() -> Console | None:
    "A rich console when standard output is a terminal that can show it."
    if Console is None or not sys.stdout.isatty():
        return None
    return Console(highlight=False)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """One step of a command: its name, what it found out, how long it took. An exception marks
    it as failed."""
    shown = Step(name)
    screen = console()
    try:
        if screen:
            with screen.status(name):
                yield shown
        else:
            yield shown
    except BaseException:
        shown.end("failed", "✗", "red")
        raise
    shown.end(shown.result, "✓", "green")


class Step:
    "A step that runs; `result` is printed beside its name when it has ended."

    def __init__(self, name: str) -> None:
        self.name, self.result = name, ""
        self._started = time.monotonic()

    def end(self, result: str, sign: str, colour: str) -> None:
        "Print the line of this step."
        took = time.monotonic() - self._started
        screen = console()
        if screen:
            screen.print(f"[{colour}]{sign}[/] {self.name:<28} [dim]{took:6.1f} s[/]  {result}")
        else:
            print(f"{self.name}: {result or 'done'} ({took:.1f} s)", flush=True)
