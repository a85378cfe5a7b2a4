"""The disks engine: copies, fail-over, healing, rebalancing and reclaim, on real directories."""

import collections
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from objectstore.engine import BlobUnreadable, NoRoom
from objectstore.engine.disks.devices import Descriptors
from objectstore.engine.disks.files import path_of
from objectstore.engine.disks.locator import Locator
from objectstore.engine.disks.placement import belongs
from objectstore.engine.disks.sweep import sweep
from tests.unit.objectstore.conftest import make, new_id

SMALL, LARGE = b"s" * 5000, os.urandom((2 << 20) + 77)


def whole(engine, locator, size, start=0):
    return b"".join(engine.read(locator, start, size))


def damage(engine, locator, copy, flip=0):
    "Flip one byte of the data of a copy."
    where = Locator.parse(locator)
    root = engine.devices[copy.device].root
    path = root / "segments" / copy.segment if copy.segment else path_of(root, where.blob_id)
    with open(path, "r+b") as file:
        file.seek(copy.offset + (32 if copy.segment else 0) + flip)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("data", [b"", b"x", SMALL, b"m" * (1 << 20), LARGE])
def test_a_blob_is_on_three_devices_and_reads_back(disks, data):
    stored = disks.put(new_id(), [data[:7], data[7:]], 3)
    assert stored.size == len(data) and stored.complete
    copies = Locator.parse(stored.locator).copies
    assert len({c.device for c in copies}) == 3
    assert whole(disks, stored.locator, len(data)) == data
    assert disks.verify(stored.locator) == []


@pytest.mark.parametrize("start,length", [(0, 1), (4999, 1), ((1 << 20) - 3, 10), (5, 2 << 20)])
def test_ranges(disks, start, length):
    stored = disks.put(new_id(), [LARGE], 3)
    assert whole(disks, stored.locator, length, start) == LARGE[start : start + length]


@pytest.mark.parametrize("data", [SMALL, LARGE])
def test_reads_pass_over_rot_and_report_it(tmp_path, data):
    seen = []
    engine = make(tmp_path)
    engine.reader._on_damage = seen.append
    stored = engine.put(new_id(), [data], 3)
    where = Locator.parse(stored.locator)
    for copy in where.copies[:2]:
        damage(engine, stored.locator, copy)
    assert whole(engine, stored.locator, len(data)) == data
    assert where.blob_id in seen
    assert len(engine.verify(stored.locator)) == 2
    damage(engine, stored.locator, where.copies[2])
    with pytest.raises(BlobUnreadable):
        whole(engine, stored.locator, len(data))
    engine.close()


def test_a_copy_that_rots_or_goes_in_mid_stream_is_followed_by_another(disks):
    stored = disks.put(new_id(), [LARGE], 3)
    where = Locator.parse(stored.locator)
    pieces = disks.read(stored.locator, 0, len(LARGE))
    got = next(pieces)
    damage(disks, stored.locator, where.copies[0], flip=1 << 20)
    shutil.rmtree(disks.devices[where.copies[1].device].root)
    assert got + b"".join(pieces) == LARGE


@pytest.mark.parametrize("data", [SMALL, LARGE])
@pytest.mark.parametrize("deep", [False, True])
def test_heal_brings_back_lost_and_rotten_copies(disks, data, deep):
    stored = disks.put(new_id(), [data], 3)
    where = Locator.parse(stored.locator)
    if deep:
        damage(disks, stored.locator, where.copies[0])
        damage(disks, stored.locator, where.copies[1])
    else:
        for copy in where.copies[:2]:
            shutil.rmtree(disks.devices[copy.device].root)
    healed = disks.heal(stored.locator, 3, deep)
    assert disks.verify(healed) == []
    assert len(Locator.parse(healed).copies) == 3
    assert whole(disks, healed, len(data)) == data


def test_an_emptied_device_takes_writes_again_at_once(disks):
    disks.put(new_id(), [SMALL], 3)
    for device in disks.devices.values():
        shutil.rmtree(device.root, ignore_errors=True)
    stored = disks.put(new_id(), [SMALL], 3)
    assert disks.verify(stored.locator) == []


def test_a_failing_device_is_replaced_and_below_quorum_nothing_is_acknowledged(disks, tmp_path):
    for name in ("d1", "d2"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        (tmp_path / name).write_text("a file where the directory should be")
        stored = disks.put("0" * 32, [SMALL], 3)
        large = disks.put(new_id(), [LARGE], 3)
        assert disks.verify(stored.locator) == [] == disks.verify(large.locator)
        assert name not in {c.device for c in Locator.parse(stored.locator).copies}
    assert not stored.complete and len(Locator.parse(stored.locator).copies) == 2
    shutil.rmtree(tmp_path / "d3")
    (tmp_path / "d3").write_text("")
    for data in (SMALL, LARGE):
        with pytest.raises(NoRoom):
            disks.put(new_id(), [data], 3)


def test_an_upload_that_breaks_off_leaves_nothing(disks, tmp_path):
    def broken():
        yield LARGE
        raise ConnectionError

    with pytest.raises(ConnectionError):
        disks.put(new_id(), broken(), 3)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


class Rows:
    "The store, as a dict."

    def __init__(self):
        self.rows = {}

    def locators(self, blob_ids):
        return {i: self.rows[i] for i in blob_ids if i in self.rows}

    def replace(self, blob_id, old, new):
        if self.rows.get(blob_id) != old:
            return False
        self.rows[blob_id] = new
        return True


def test_drained_and_added_devices_are_rebalanced(tmp_path):
    engine = make(tmp_path)
    rows = {}
    for n in range(30):
        blob_id = new_id()
        rows[blob_id] = engine.put(blob_id, [LARGE if n < 2 else SMALL], 3).locator
    engine.close()
    engine = make(tmp_path, ("d1", "d2", "d3", "d4", "d5"), d1=0)
    for blob_id, locator in rows.items():
        new = engine.heal(locator, 3)
        engine.drop(locator, new)
        rows[blob_id] = new
        names = [c.device for c in Locator.parse(new).copies]
        assert names == [d.name for d in belongs(blob_id, list(engine.devices.values()), 3)]
        assert engine.verify(new) == []
    assert any("d5" in r for r in rows.values())
    assert not any(p.is_file() for p in (tmp_path / "d1" / "blobs").rglob("*"))
    engine.close()


def test_sweep_takes_orphans_and_moves_the_living_out_of_dead_segments(tmp_path):
    engine, index = make(tmp_path), Rows()
    for n in range(120):
        blob_id = new_id()
        locator = engine.put(blob_id, [os.urandom(40_000)], 3).locator
        if n % 4 == 0:
            index.rows[blob_id] = locator
    orphan = engine.put(new_id(), [LARGE], 3)
    kept = new_id()
    index.rows[kept] = engine.put(kept, [LARGE], 3).locator
    (tmp_path / "d1" / "tmp").mkdir(exist_ok=True)
    (tmp_path / "d1" / "tmp" / new_id()).write_bytes(b"left by a writer that died")
    engine.close()
    before = sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    engine = make(tmp_path)
    assert sweep(engine, index, 3600).files == 0
    swept = sweep(engine, index, 0)
    assert swept.files == 4 and swept.segments == 4 and swept.moved > 0
    after = sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    assert after < before / 2
    for locator in index.rows.values():
        assert engine.verify(locator) == []
    assert len(engine.verify(orphan.locator)) == 3
    engine.close()


def test_a_reader_with_an_old_locator_asks_for_the_new_one(disks):
    stored = disks.put(new_id(), [SMALL], 3)
    other = disks.put(new_id(), [LARGE], 3)
    moved = "0" * 32 + " s 5000 d1:gone:0 d2:gone:0 d3:gone:0"
    moved = moved.replace("0" * 32, stored.locator.split()[0])
    got = b"".join(disks.read(moved, 0, 5000, lambda: stored.locator))
    assert got == SMALL
    gone = f"{other.locator.split()[0]} f {len(LARGE)} d9"
    assert b"".join(disks.read(gone, 0, len(LARGE), lambda: other.locator)) == LARGE


def test_many_writers_share_segments(disks, tmp_path):
    stored, errors = [], []

    def write(n):
        try:
            for i in range(25):
                data = f"{n}/{i}".encode() * 100
                stored.append((disks.put(new_id(), [data], 3).locator, data))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(stored) == 200
    for locator, data in stored:
        assert whole(disks, locator, len(data)) == data and disks.verify(locator) == []
    assert len(list(Path(tmp_path).glob("*/segments/*"))) == 4


def test_placement_follows_weights_and_zones():
    Place = collections.namedtuple("Place", "name zone weight")
    places = [Place("a", "z1", 1), Place("b", "z1", 1), Place("c", "z2", 2), Place("d", "z3", 0)]
    first = collections.Counter()
    for _ in range(4000):
        chosen = belongs(new_id(), places, 2)
        assert {p.zone for p in chosen} == {"z1", "z2"}
        first[chosen[0].name] += 1
    assert 0.45 < first["c"] / 4000 < 0.55


def test_removed_segments_are_let_go_of(tmp_path):
    descriptors = Descriptors(look_s=0.01)
    kept, removed = tmp_path / "kept", tmp_path / "removed"
    for path in (kept, removed):
        path.write_bytes(b"x")
        with descriptors.use(str(path)):
            pass

    def held():
        return {
            os.readlink(f"/proc/self/fd/{n}").removesuffix(" (deleted)")
            for n in os.listdir("/proc/self/fd")
            if os.path.lexists(f"/proc/self/fd/{n}")
        }

    assert {str(kept), str(removed)} <= held()
    with descriptors.use(str(removed)) as fd:
        removed.unlink()
        time.sleep(0.1)
        assert os.pread(fd, 1, 0) == b"x"  # whoever reads reads on
    end = time.monotonic() + 5
    while str(removed) in held():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert str(kept) in held()
    descriptors.close()
    assert str(kept) not in held()
