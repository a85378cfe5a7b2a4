"""Which processors the threads of a worker run on.

Only one thread at a time has Python's interpreter. When it lets go (a statement, a read, a line of
log) another takes it over, and where that one has to be woken on another processor, the two cost
each other more than most requests take: on a virtual machine, half of the CPU of a login. So all
threads of a worker stay on one processor (sched_setaffinity(2)), but for what runs without the
interpreter for long: hashing, the data of objects and images, long lists that the database makes.
That is `Anywhere`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path

LOG = logging.getLogger(__name__)
_all: set[int] = set()
"""Processors that this process may use; empty where threads are not kept together."""
_one: set[int] = set()
_roaming: set[int] = set()
"""Threads, by their number in the kernel, that may run anywhere for now."""


def keep_together(number: int) -> None:
    """Keep the calling thread, and threads that it starts, on one processor: one that `number`
    chooses, so that workers are spread. To be called before there are other threads."""
    global _all, _one
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        one = {processors[number % len(processors)]}
        try:
            os.sched_setaffinity(0, one)
        except OSError as error:  # some containers forbid it
            LOG.info("threads run on any processor: %s", error)
        else:
            _all, _one = set(processors), one


class Anywhere:
    """While it lasts the thread that began it may use every processor, and what it starts too.
    Inside of another it does nothing. It may be ended by another thread, as generators are."""

    __slots__ = ("_thread",)

    def __init__(self) -> None:
        self._thread = 0

    def begin(self) -> None:
        "From now on."
        thread = threading.get_native_id() if _one else 0
        if thread and thread not in _roaming:
            _roaming.add(thread)
            self._thread = thread
            _move(thread, _all)

    def end(self) -> None:
        "Back to the others."
        thread, self._thread = self._thread, 0
        if thread:
            _roaming.discard(thread)
            if thread == threading.get_native_id() or Path(f"/proc/self/task/{thread}").exists():
                _move(thread, _one)

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *exc: object) -> None:
        self.end()


def roam() -> None:
    "The calling thread may run anywhere for good: what a thread for such work does first."
    if _one:
        _roaming.add(threading.get_native_id())
        _move(0, _all)


def _move(thread: int, processors: set[int]) -> None:
    # processors may have been taken from this process, and threads end
    with contextlib.suppress(OSError):
        os.sched_setaffinity(thread, processors)
