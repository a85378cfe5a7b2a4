"""What the kernel is told about a long file, and that nothing depends on its listening."""

import os

import pytest

from common import writeback
from common.writeback import BEHIND, WINDOW, Writeback


@pytest.fixture
def told(monkeypatch):
    calls = []

    class Libc:
        def sync_file_range(self, descriptor, offset, size, flags):
            calls.append((offset.value // WINDOW, size.value, flags))

    monkeypatch.setattr(writeback, "_libc", Libc())
    return calls


def test_each_window_is_begun_once_and_the_oldest_waited_for(told):
    file = Writeback(0)
    for _ in range(3 * WINDOW // 1000):
        file.wrote(1000)
    assert [(w, f) for w, _, f in told] == [(0, 2), (1, 2)]
    file.wrote(9 * WINDOW)
    begun = [w for w, _, flags in told if flags == 2]
    waited = [w for w, _, flags in told if flags == 7]
    assert begun == list(range(11)) and waited == list(range(11 - BEHIND))
    assert {size for _, size, _ in told} == {WINDOW}


def test_the_bytes_are_what_they_were(tmp_path):
    "On the real kernel, and on a file that takes no such call."
    data = os.urandom(1 << 20)
    with open(tmp_path / "f", "wb", buffering=0) as out:
        file = Writeback(out.fileno())
        for _ in range(80):
            out.write(data)
            file.wrote(len(data))
    assert (tmp_path / "f").read_bytes() == data * 80
    reader, writer = os.pipe()
    Writeback(writer).wrote(3 * WINDOW)
    os.close(reader)
    os.close(writer)
