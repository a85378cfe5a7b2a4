"""Local devices: a directory each (the mount point of a disk), with a zone and a weight."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from objectstore.engine.disks.segments import SegmentLog

LOG = logging.getLogger(__name__)
_REST_S = 5.0
_MAX_DESCRIPTORS = 256
_LOOK_S = 10.0


@dataclass
class Device:
    """One device. `weight` 0 drains it: the rebalancer moves everything away. `needs_mount`
    refuses a directory that
    is no mount point, so that a disk that was not mounted does not fill the root file system."""

    name: str
    root: Path
    zone: str
    weight: float = 1.0
    needs_mount: bool = False
    resting_until: float = 0.0
    _log: SegmentLog | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def parse(cls, text: str, needs_mount: bool = False) -> Device:
        """From `NAME=PATH[;zone=Z][;weight=W]`. Without a zone each device is one of its own.
        Raises ValueError with
        a sentence."""
        place, *options = text.split(";")
        name, eq, path = place.partition("=")
        if not eq or not name.isidentifier() or not os.path.isabs(path):
            raise ValueError(f"[disks] devices: {text!r} is not NAME=/PATH[;zone=Z][;weight=W]")
        known = dict(o.partition("=")[::2] for o in options)
        if set(known) - {"zone", "weight"}:
            raise ValueError(f"[disks] devices: {text!r} has an unknown setting")
        try:
            weight = float(known.get("weight", 1))
        except ValueError:
            raise ValueError(f"[disks] devices: the weight in {text!r} is not a number") from None
        return cls(name, Path(path), known.get("zone") or name, weight, needs_mount)

    def present(self) -> bool:
        """Whether the device is there; a plain directory always is, it is made again when somebody
        removed it."""
        return not self.needs_mount or os.path.ismount(self.root)

    def writable(self) -> bool:
        "Whether writes are worth a try: it did not fail one within the last seconds."
        return time.monotonic() >= self.resting_until

    def rest(self, error: BaseException) -> None:
        "Keep writes away for some seconds after `error`."
        LOG.warning("device %s takes no writes for %d s: %s", self.name, _REST_S, error)
        self.resting_until = time.monotonic() + _REST_S

    def log(self, writer: str) -> SegmentLog:
        "The segment log of this process on the device."
        with self._lock:
            if self._log is None:
                self._log = SegmentLog(self.root / "segments", writer)
            return self._log

    def close(self) -> None:
        "Stop its writer."
        with self._lock:
            if self._log is not None:
                self._log.close()
                self._log = None


class Descriptors:
    """Segments kept open for reading, the least used closed first. A descriptor is never closed
    while in use.

    Segments that the keeper removes keep their space as long as somebody has them open: a thread
    looks for those every `look_s`, so that a full device gets room again however idle we are."""

    def __init__(self, limit: int = _MAX_DESCRIPTORS, look_s: float = _LOOK_S) -> None:
        self._limit, self._look_s = limit, look_s
        self._open: OrderedDict[str, _Shared] = OrderedDict()
        self._lock = threading.Lock()
        self._looker: threading.Thread | None = None
        self._closed = threading.Event()

    def use(self, path: str) -> _Shared:
        "The descriptor of a segment, for a `with` block. Raises OSError."
        with self._lock:
            shared = self._open.get(path)
            if shared is not None:
                self._open.move_to_end(path)
                shared.users += 1
                return shared
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with self._lock:
            shared = self._open.get(path)
            if shared is None:
                shared = self._open[path] = _Shared(fd, self._lock)
            else:
                os.close(fd)
            shared.users += 1
            while len(self._open) > self._limit:
                self._open.popitem(last=False)[1].retire()
            if self._looker is None:
                self._looker = threading.Thread(target=self._look, name="descriptors", daemon=True)
                self._looker.start()
            return shared

    def _look(self) -> None:
        while not self._closed.wait(self._look_s):
            self.drop_removed()

    def drop_removed(self) -> None:
        "Let go of files that have no name any more."
        with self._lock:
            gone = [p for p, shared in self._open.items() if not os.fstat(shared.fd).st_nlink]
            for path in gone:
                self._open.pop(path).retire()

    def forget(self, path: str) -> None:
        "Open it anew next time: it may be gone from its device."
        with self._lock:
            shared = self._open.pop(path, None)
            if shared is not None:
                shared.retire()

    def close(self) -> None:
        "Close all."
        self._closed.set()
        with self._lock:
            while self._open:
                self._open.popitem()[1].retire()


class _Shared:
    __slots__ = ("_lock", "fd", "retired", "users")

    def __init__(self, fd: int, lock: threading.Lock) -> None:
        self.fd, self.users, self.retired, self._lock = fd, 0, False, lock

    def __enter__(self) -> int:
        return self.fd

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self.users -= 1
            if self.retired and not self.users:
                os.close(self.fd)

    def retire(self) -> None:
        self.retired = True
        if not self.users:
            os.close(self.fd)
