"How SQLite is set up, in processes of their own: it is told once, before its first use."

import subprocess
import sys

import pytest

COUNTED = """
import ctypes, importlib, importlib.util, sys
importlib.import_module(sys.argv[1])
from common.db import Database
database = Database(f"sqlite:///{sys.argv[2]}/db")
with database.engine.connect() as connection:
    connection.exec_driver_sql("CREATE TABLE t AS SELECT randomblob(100000) AS a")
    library = ctypes.CDLL(importlib.util.find_spec("_sqlite3").origin)
    library.sqlite3_memory_used.restype = ctypes.c_int64
    print(library.sqlite3_memory_used())
"""


@pytest.mark.parametrize(
    "module",
    ["common.db", "identity.app", "image.app", "objectstore.app", "compute.app", "network.app"],
)
def test_no_service_counts_the_memory_of_sqlite(module, tmp_path):
    asked = [sys.executable, "-W", "ignore", "-c", COUNTED, module, str(tmp_path)]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert answer.stdout.strip() == "0", answer.stderr[-2000:]


def test_who_was_first_is_no_hindrance(tmp_path):
    program = "import sqlite3\n" + COUNTED
    asked = [sys.executable, "-W", "ignore", "-c", program, "common.db", str(tmp_path)]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert int(answer.stdout) > 100_000, answer.stderr[-2000:]
