"""Writing a long file so that the sync at its end finds little left.

The kernel lets written pages lie until somebody syncs or memory runs short; an upload of a gigabyte
then waits at its end for all of it. Told to begin early it writes while the next bytes come in.
Source: sync_file_range(2), which Python's os does not have.
"""

from __future__ import annotations

import ctypes

WINDOW = 8 << 20
"""Bytes that are handed over at once."""
BEHIND = 8
"""Windows that may be under way; the writer waits for the oldest beyond that, so that a long
upload never fills memory with pages that are yet to be written."""
_START, _WAIT = 2, 1 | 2 | 4
_libc = ctypes.CDLL(None)


class Writeback:
    """Follows the end of a file that is only appended to. Promises nothing about the bytes being
    on the disk: that is for fsync. Does nothing where the kernel has no such call, or the file
    system does not take it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._size, self._begun = descriptor, 0, 0

    def wrote(self, size: int) -> None:
        "`size` more bytes were appended."
        self._size += size
        while self._size - self._begun >= WINDOW:
            self._flush(self._begun, _START)
            if self._begun >= BEHIND * WINDOW:
                self._flush(self._begun - BEHIND * WINDOW, _WAIT)
            self._begun += WINDOW

    def _flush(self, offset: int, flags: int) -> None:
        if hasattr(_libc, "sync_file_range"):
            _libc.sync_file_range(
                self._descriptor, ctypes.c_int64(offset), ctypes.c_int64(WINDOW), flags
            )
