import os

import pytest

from objectstore.engine.disks import Disks
from objectstore.engine.disks.devices import Device


@pytest.fixture
def disks(tmp_path):
    "An engine over four devices."
    engine = make(tmp_path)
    yield engine
    engine.close()


def make(folder, names=("d1", "d2", "d3", "d4"), **weights):
    return Disks([Device.parse(f"{n}={folder}/{n};weight={weights.get(n, 1)}") for n in names])


def new_id():
    return os.urandom(16).hex()
