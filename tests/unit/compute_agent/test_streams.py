"""NBD reading and the qcow2 that is made while it is sent, against QEMU's own programs."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pycdlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.agent import configdrive, probe
from compute.agent.nbd import Extent, NbdFailed, NbdReader
from compute.agent.qcow2 import CLUSTER, Qcow2Stream, RawStream


@contextmanager
def exported(path: Path, kind: str) -> Iterator[Path]:
    socket = path.with_suffix(".sock")
    process = subprocess.Popen(
        [
            "qemu-nbd",
            "--read-only",
            "--persistent",
            f"--format={kind}",
            f"--socket={socket}",
            str(path),
        ]
    )
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield socket
    finally:
        process.terminate()
        process.wait()


def sparse(path: Path, size: int, seed: int) -> bytes:
    "A disk with some data here and there."
    chance = random.Random(seed)
    data = bytearray(size)
    for _ in range(5):
        at, length = chance.randrange(size), chance.randrange(1, 3 * CLUSTER)
        piece = chance.randbytes(min(length, size - at))
        data[at : at + len(piece)] = piece
    path.write_bytes(data)
    subprocess.run(["fallocate", "-d", str(path)], check=True)
    return bytes(data)


@pytest.mark.parametrize("size", [3 * 1024 * 1024, 1024 * 1024 + 512, 700 * 1024 * 1024])
def test_a_disk_arrives_as_it_was(tmp_path: Path, size: int) -> None:
    disk, sent = tmp_path / "disk", tmp_path / "sent"
    data = sparse(disk, size, size)
    with exported(disk, "raw") as socket, NbdReader(socket) as reader:
        assert reader.size == size
        stream = Qcow2Stream(reader.size, reader.extents(), reader.read)
        sent.write_bytes(b"".join(stream))
        assert sent.stat().st_size == len(stream)
        if size < 10_000_000:
            assert b"".join(RawStream(reader.size, reader.extents(), reader.read)) == data
    assert sent.stat().st_size < 5 * 1024 * 1024, "holes are not sent"
    subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", str(sent)], check=True)
    subprocess.run(
        ["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", str(disk), str(sent)], check=True
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=12))
def test_any_pattern_of_data_and_holes_has_the_length_that_was_promised(
    parts: list[tuple[int, bool]],
) -> None:
    extents, at = [], 0
    for blocks, zero in parts:
        extents.append(Extent(at, blocks * 512, zero))
        at += blocks * 512
    stream = Qcow2Stream(at, extents, lambda offset, length: b"\1" * length)
    assert sum(map(len, stream)) == len(stream)


def test_an_export_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    sparse(disk, 1024 * 1024, 1)
    with pytest.raises(NbdFailed, match="cannot be read"):
        NbdReader(tmp_path / "nothing")
    with exported(disk, "raw") as socket, pytest.raises(NbdFailed, match="refused"):
        NbdReader(socket, "no-such-export")


def test_the_config_drive_is_found_by_label_and_holds_the_tree(tmp_path: Path) -> None:
    path = tmp_path / "disk.config"
    files = {
        "openstack/latest/meta_data.json": '{"name": "ä"}',
        "base64:openstack/latest/user_data": "AAEC/w==",
        "ec2/latest/meta-data.json": "{}",
    }
    configdrive.write(path, files)
    configdrive.write(path, files)
    iso = pycdlib.PyCdlib()
    iso.open(str(path))
    assert iso.pvd.volume_identifier.decode().strip() == "config-2"
    with iso.open_file_from_iso(rr_path="/openstack/latest/user_data") as stream:
        assert stream.read() == b"\x00\x01\x02\xff"
    with iso.open_file_from_iso(joliet_path="/openstack/latest/meta_data.json") as stream:
        assert stream.read().decode() == '{"name": "ä"}'
    iso.close()


def test_the_kvm_proof_passes_where_guests_run_and_is_remembered(tmp_path: Path) -> None:
    passed, why = probe.attempt("tcg", "qemu64", limit_s=20)
    assert passed, why
    assert probe.attempt("tcg", "qemu64", qemu="no-such-qemu")[0] is False
    first = probe.virt_type(tmp_path / "v.json")
    started = time.monotonic()
    assert probe.virt_type(tmp_path / "v.json") == first
    assert time.monotonic() - started < 1.5, "the second answer comes from the file"
