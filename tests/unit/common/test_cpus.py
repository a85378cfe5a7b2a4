"""Threads of a worker stay together, but for what asks for more; each test in a process of its own,
since it cannot be undone."""

import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[3]
_BEGIN = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from common import cpus
def here():
    return os.sched_getaffinity(0)
def elsewhere(work=here):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]
everything = here()
"""


def run(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN + script], cwd=REPO, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_threads_stay_together_and_workers_are_spread():
    run("""
cpus.keep_together(3)
assert here() == elsewhere() == {sorted(everything)[3 % len(everything)]}
""")
    run("""
cpus.keep_together(4)
assert here() == elsewhere() == {sorted(everything)[4 % len(everything)]}
""")


def test_long_work_may_run_anywhere_and_so_does_what_it_starts():
    run("""
cpus.keep_together(0)
one = here()
with cpus.Anywhere():
    assert here() == elsewhere() == everything
    with cpus.Anywhere():
        pass
    assert here() == everything, "the inner one ended the outer one"
assert here() == one
try:
    with cpus.Anywhere():
        raise LookupError
except LookupError:
    assert here() == one
pool = ThreadPoolExecutor(1, "p", cpus.roam)
assert pool.submit(here).result() == everything
assert here() == one
""")


def test_another_thread_may_end_it():
    run("""
cpus.keep_together(0)
one = here()
free = cpus.Anywhere()
free.begin()
elsewhere(free.end)
assert here() == one
free.end()
gone = elsewhere(lambda: (lambda f: (f.begin(), f)[1])(cpus.Anywhere()))
gone.end()
assert here() == one
""")


def test_without_it_nothing_changes():
    run("""
with cpus.Anywhere():
    assert here() == everything
cpus.roam()
assert here() == everything
""")


def test_where_it_is_forbidden_threads_run_anywhere():
    run("""
allowed = os.sched_setaffinity
def forbidden(*_):
    raise PermissionError(1, "no")
os.sched_setaffinity = forbidden
cpus.keep_together(0)
with cpus.Anywhere():
    pass
assert here() == everything
os.sched_setaffinity = allowed
cpus.keep_together(0)
os.sched_setaffinity = forbidden
with cpus.Anywhere():
    assert here() == {sorted(everything)[0]}
cpus.roam()
""")
