"""Conversions: qemu-img is told what it reads, and how much it may take."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from image.config import load
from image.errors import ImportRefused
from image.outside.convert import Convert

MIB = 1024 * 1024


@pytest.fixture
def program(tmp_path, monkeypatch):
    "Put a script in the place of qemu-img: `info` is always answered, `convert` runs the script."

    def install(script, info='{"virtual-size": 1024}'):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / "qemu-img"
        path.write_text(f"#!/bin/sh\nif [ $1 = info ]; then echo '{info}'; exit; fi\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return install


def convert(tmp_path, **limits):
    conf = load(
        **{
            "state_dir": str(tmp_path),
            "formats.convert_to": "raw",
            **{f"formats.{k}": v for k, v in limits.items()},
        }
    )
    source, target = tmp_path / "source", tmp_path / "target"
    source.touch()
    Convert(conf).run(str(source), "qcow2", str(target), "raw")
    return target


def test_the_format_is_always_said(program, tmp_path):
    program('echo "$@" > "$7"')
    target = convert(tmp_path)
    assert target.read_text() == f"convert -f qcow2 -O raw {tmp_path}/source {target}\n"


def test_time_is_limited(program, tmp_path):
    program("exec sleep 60")
    began = time.monotonic()
    with pytest.raises(ImportRefused, match="more than 1 s"):
        convert(tmp_path, convert_timeout_s=1)
    assert time.monotonic() - began < 20


def test_memory_is_limited(program, tmp_path):
    program("ulimit -v > $7.limit; exit 0")
    convert(tmp_path, convert_memory_mib=300)
    assert int((tmp_path / "target.limit").read_text()) == 300 * 1024


def test_a_file_beyond_the_limit_is_not_written(program, tmp_path):
    program("ulimit -f > $7.limit; exit 0")
    convert(tmp_path, convert_virtual_most_gib=2)
    blocks = int((tmp_path / "target.limit").read_text())
    assert blocks * 512 == 3 * 1024**3  # the disk, and a GiB for tables


def test_what_it_says_is_said(program, tmp_path):
    program("echo the disk is strange >&2; exit 1")
    with pytest.raises(ImportRefused, match="the disk is strange"):
        convert(tmp_path)


@pytest.mark.parametrize(
    "info, word",
    [
        ('{"virtual-size": 1024, "backing-filename": "/etc/passwd"}', "backing"),
        (
            '{"virtual-size": 1, "format-specific": {"data": {"data-file": "/etc/passwd"}}}',
            "another file",
        ),
        (
            '{"virtual-size": 1, "format-specific": '
            '{"data": {"extents": [{"filename": "/etc/passwd"}]}}}',
            "another file",
        ),
        ('{"virtual-size": 999999999999999}', "virtual size"),
    ],
)
def test_a_header_that_asks_for_more_is_refused(program, tmp_path, info, word):
    program("echo converted > $7", info)
    with pytest.raises(ImportRefused, match=word):
        convert(tmp_path)
    assert not (tmp_path / "target").exists()


def test_it_ends_with_the_process_that_started_it(program, tmp_path):
    program(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    code = (
        "from tests.api.image.test_convert import convert; from pathlib import Path; "
        f"convert(Path({str(tmp_path)!r}))"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root) as starter:
        converter = None
        end = time.monotonic() + 30
        while converter is None and time.monotonic() < end:
            try:
                converter = int((tmp_path / "pid").read_text())
            except (OSError, ValueError):
                time.sleep(0.05)
        starter.kill()
    while Path(f"/proc/{converter}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert converter is not None and not Path(f"/proc/{converter}").exists()
