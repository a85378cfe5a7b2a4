"""Checksums and format while the data streams: each digest in a thread of its own, fed with
blocks of some 100 KiB.

hashlib lets go of the interpreter lock for large blocks, so md5 and sha512 run on other cores than
the copying.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from typing import Any

_AHEAD = 16
"""Blocks that may wait for a digest: bounds the memory of an upload."""


class Digest(threading.Thread):
    "One hash of a stream of blocks."

    def __init__(self, algorithm: str) -> None:
        super().__init__(name=f"digest-{algorithm}", daemon=True)
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        # two queues without a lock of Python's: a bounded one costs both sides a condition a block
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(_AHEAD):
            self._room.put(None)
        self.start()

    def run(self) -> None:
        "The thread's body."
        while (block := self._blocks.get()) is not None:
            self._hash.update(block)
            self._room.put(None)

    def feed(self, block: bytes) -> None:
        "Hash one more block, soon; waits while too many wait."
        self._room.get()
        self._blocks.put(block)

    def result(self) -> str:
        "End the thread; the hex digest of all that was fed."
        self._blocks.put(None)
        self.join()
        return self._hash.hexdigest()


class Digests:
    "md5 and the stronger hash of one upload. Use as a context manager: the threads end with it."

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._digests = {name: Digest(name) for name in ("md5", algorithm)}

    def feed(self, block: bytes) -> None:
        "Hash one more block."
        for digest in self._digests.values():
            digest.feed(block)

    def results(self) -> dict[str, str]:
        "`checksum`, `os_hash_algo` and `os_hash_value` as an image has them."
        found = {name: digest.result() for name, digest in self._digests.items()}
        self._digests = {}
        return {
            "checksum": found["md5"],
            "os_hash_algo": self.algorithm,
            "os_hash_value": found[self.algorithm],
        }

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *exc: Any) -> None:
        for digest in self._digests.values():
            digest.result()
