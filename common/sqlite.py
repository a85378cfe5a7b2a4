"""The SQLite driver, with SQLite's count of the memory it uses switched off.

The count is kept under one lock for the whole process, which every allocation takes: two threads
that read at the same time took three times the CPU of one after the other (docs/performance.md).
Whoever needs the driver imports it from here, since SQLite can be told only before its first use
(sqlite.org/c3ref/config.html).
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import sys

_MEMSTATUS = 9
"SQLITE_CONFIG_MEMSTATUS (sqlite.org/c3ref/c_config_covering_index_scan.html)."


def _stop_counting() -> None:
    # The library is asked through Python's module, which is linked with it in one way or another;
    # loading the module's file does not run it.
    module = importlib.util.find_spec("_sqlite3")
    if "_sqlite3" in sys.modules or module is None or not module.origin:
        return  # somebody was first: all works, and costs more
    try:
        told = ctypes.CDLL(module.origin).sqlite3_config(_MEMSTATUS, 0)
    except (OSError, AttributeError) as error:
        told = str(error)
    if told != 0:
        logging.getLogger(__name__).info("SQLite goes on counting its memory: %s", told)


_stop_counting()

import sqlite3  # noqa: E402 the library must be told before its first use

__all__ = ["sqlite3"]
