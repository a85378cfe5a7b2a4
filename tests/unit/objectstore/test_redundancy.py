"""The promise of the store: what was acknowledged is there, whatever happens to disks and
processes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest

from common import db
from objectstore import app as application
from objectstore import config
from objectstore.core import content, entries, objects
from objectstore.core.containers import Settings, put
from objectstore.core.objects import Draft
from objectstore.engine.disks.locator import Locator
from objectstore.errors import ObjectNotFound
from objectstore.keeper.healing import Passes
from objectstore.store import blobs
from tests.support.mounts import read_only
from tests.unit.objectstore.test_disks import damage

SIZES = (100, 4096, 70_000, (1 << 20) + 5000)


def configuration(folder):
    return config.load(
        **{
            "state_dir": str(folder),
            "database.url": f"sqlite:///{folder}/objectstore.sqlite",
            "storage.dead_blob_s": 0,
            "storage.reclaim_age_s": 0,
            "keeper.audit_mib_s": 4096,
        }
    )


@pytest.fixture
def deps(tmp_path):
    conf = configuration(tmp_path)
    db.upgrade("objectstore", conf.database.url)
    deps = application.make_deps(conf)
    put(deps, "AUTH_a", "c", Settings())
    yield deps
    deps.engine.close()
    deps.db.dispose()


def body(name, size):
    return random.Random(name).randbytes(size)


def write(deps, name, size):
    place, _ = entries.find(deps, "AUTH_a", "c", name)
    stored = content.store(deps, deps.policies[0], [body(name, size)])
    objects.commit(deps, place, Draft(name, "text/plain", {}), stored)


def read(deps, name):
    entry = entries.existing(entries.find(deps, "AUTH_a", "c", name))
    got = content.read(deps, entry.blob_id, entry.locator, entry.blob_key, 0, entry.size)
    return b"".join(got)


class Load:
    """Threads that write, read and delete until they are stopped, and remember what was
    acknowledged."""

    def __init__(self, deps, threads=3):
        self.deps, self.there, self.wrong = deps, {}, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        mine, dice, count = [], random.Random(number), 0
        try:
            while not self.stopping.is_set():
                name, size = f"{number}-{count}", dice.choice(SIZES)
                count += 1
                write(self.deps, name, size)
                self.there[name] = size
                mine.append(name)
                for wanted in dice.sample(mine, min(len(mine), 3)):
                    if read(self.deps, wanted) != body(wanted, self.there[wanted]):
                        self.wrong.append(wanted)
                if len(mine) > 20:
                    gone = mine.pop(0)
                    del self.there[gone]
                    place, _ = entries.find(self.deps, "AUTH_a", "c", gone)
                    objects.delete(self.deps, place, gone)
        except Exception as error:
            self.wrong.append(error)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def all_blobs(deps):
    with deps.db.read() as session:
        return blobs.page(session, "", 100_000)


def test_no_read_fails_while_a_device_is_emptied_another_read_only_and_copies_rot(deps):
    load, broken = Load(deps), ExitStack()
    try:
        time.sleep(1)
        devices = list(deps.engine.devices.values())
        with_log = devices[1]
        for entry in os.scandir(devices[0].root):
            shutil.rmtree(entry.path, ignore_errors=True)
        broken.enter_context(read_only(with_log.root))
        for row in random.sample(all_blobs(deps), 10):
            where = Locator.parse(row.locator)
            copies = [c for c in where.copies if c.device not in (devices[0].name, with_log.name)]
            # of every blob at least the copy on the read-only device is left, or another one
            if len(where.copies) > len(copies) and with_log.name in {
                c.device for c in where.copies
            }:
                for copy in copies[:1]:
                    try:
                        damage(deps.engine, row.locator, copy)
                    except FileNotFoundError:
                        continue
        time.sleep(2)
    finally:
        load.stop()
        broken.close()
    assert load.wrong == []
    assert len(load.there) > 10
    for name, size in list(load.there.items()):
        assert read(deps, name) == body(name, size)
    for device in devices:
        device.resting_until = 0.0
    whole_again(deps)
    for name, size in load.there.items():
        assert read(deps, name) == body(name, size)


def whole_again(deps):
    "What the keeper does by itself; afterwards every blob has three good copies."
    passes = Passes(deps)
    passes.heal_damaged()
    passes.replicate()
    for _ in range(100):
        passes.audit()
        with deps.db.read() as session:
            if not blobs.cursor(session, "audit"):
                break
    passes.replicate()
    for row in all_blobs(deps):
        assert len(Locator.parse(row.locator).copies) == 3, row
        assert deps.engine.verify(row.locator) == [], row


WRITER = """
import sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from tests.unit.objectstore.test_redundancy import (
    application, configuration, write, SIZES, Draft, objects, entries)
deps = application.make_deps(configuration(Path(sys.argv[1])))
n = 0
while True:
    name = f"{sys.argv[2]}-{n}"
    print("try", name, SIZES[n % 4], flush=True)
    write(deps, name, SIZES[n % 4])
    print("put", name, SIZES[n % 4], flush=True)
    if n % 5 == 4:
        gone = f"{sys.argv[2]}-{n - 2}"
        print("deleting", gone, 0, flush=True)
        objects.delete(deps, entries.find(deps, "AUTH_a", "c", gone)[0], gone)
        print("deleted", gone, 0, flush=True)
    n += 1
"""


def test_kill_9_loses_nothing_acknowledged_and_shows_nothing_else(deps, tmp_path):
    acknowledged, unsure = {}, set()
    for turn in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(turn), *sys.path],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines, end = [], None
        for line in process.stdout:
            lines.append(line.split())
            if end is None:
                end = time.monotonic() + random.uniform(0.2, 0.8)
            if time.monotonic() > end and process.poll() is None:
                process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        note(lines, acknowledged, unsure)
    assert len(acknowledged) > 8
    check_kept(deps, acknowledged, unsure)
    passes = Passes(deps)
    passes.bury()
    passes.sweep()
    check_kept(deps, acknowledged, unsure)
    whole_again(deps)
    named = {row.id for row in all_blobs(deps)}
    files = {p.name for p in tmp_path.glob("objectstore/disks/*/blobs/*/*")}
    assert files <= named
    assert list(tmp_path.glob("objectstore/disks/*/tmp/*")) == []


def note(lines, acknowledged, unsure):
    for line in lines:
        if len(line) != 3:
            continue
        what, name, size = line
        if what == "put":
            acknowledged[name] = int(size)
        elif what == "deleting":
            acknowledged.pop(name)
            unsure.add(name)
        elif what == "deleted":
            unsure.discard(name)
    if lines[-1][0] == "try":
        unsure.add(lines[-1][1])


def check_kept(deps, acknowledged, unsure):
    for name, size in acknowledged.items():
        assert read(deps, name) == body(name, size)
    with deps.db.read() as session:
        from objectstore.store import containers, listing

        box = containers.get(session, "AUTH_a", "c")
        rows = containers.objects(session, box.id, listing.Query(10_000))
    listed = {row[0] for row in rows}
    assert listed - unsure == set(acknowledged)
    assert box.objects == len(listed) and box.bytes == sum(row[1] for row in rows)
    for name in listed & unsure:
        try:
            assert read(deps, name)
        except ObjectNotFound:
            raise AssertionError(name) from None
