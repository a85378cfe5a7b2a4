"""Real processes under a mixed load, while devices are emptied, refuse writes and rot, and while
everything is killed again and again: no read fails, no byte is wrong, and the keeper alone brings
every object back to three good copies."""

import os
import random
import shutil
import time
from contextlib import ExitStack, suppress

import pytest
import requests

from objectstore.engine.disks.locator import Locator
from objectstore.store import blobs, containers, listing
from tests.e2e.objectstore.load import Client
from tests.support import mounts, token

CLIENTS = 3


def begin(service, **how):
    auth = token(project_id="p1")
    made = requests.put(f"{service.url}/v1/AUTH_p1/c", headers={"X-Auth-Token": auth}, timeout=30)
    assert made.status_code == 201
    clients = [Client(service.url, auth, n, **how) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients


def empty(root):
    "Take everything away, while writers may be adding to it."
    for entry in os.scandir(root):
        shutil.rmtree(entry.path, ignore_errors=True)


def rot(root, dice):
    "Flip a byte in the middle of every second file of a device."
    flipped = 0
    for path in sorted(p for p in root.rglob("*") if p.is_file())[::2]:
        with suppress(FileNotFoundError), path.open("r+b") as file:  # an upload may just have ended
            size = file.seek(0, os.SEEK_END)
            if size:
                at = dice.randrange(size)
                file.seek(at)
                old = file.read(1)
                file.seek(at)
                file.write(bytes([old[0] ^ 0x55]))
                flipped += 1
    return flipped


@pytest.fixture
def read_only():
    "Makes a folder a read-only mount, until the test ends."
    with ExitStack() as mounted:
        yield lambda root: mounted.enter_context(mounts.read_only(root))


def all_blobs(deps):
    with deps.db.read() as session:
        return blobs.page(session, "", 100_000)


def faults(deps):
    "What is not as it should be: blobs with fewer than three good copies on three devices."
    found = []
    for row in all_blobs(deps):
        devices = {c.device for c in Locator.parse(row.locator).copies}
        bad = deps.engine.verify(row.locator)
        if len(devices) != 3 or bad:
            found.append((row.id, sorted(devices), bad))
    return found


def wait_until_whole(deps, seconds=120):
    end = time.monotonic() + seconds
    while found := faults(deps):
        assert time.monotonic() < end, f"{len(found)} blobs are not whole: {found[:3]}"
        time.sleep(0.5)


def settle(clients):
    for client in clients:
        client.stop()
    for client in clients:
        assert client.wrong == []


def check_everything(service, deps, clients):
    "Every name reads as it may; the listing is what can be read, the totals are its sums."
    for client in clients:
        client.dies = False
        for name in client.may:
            client.check(name)
        assert client.wrong == []
    with deps.db.read() as session:
        box = containers.get(session, "AUTH_p1", "c")
        rows = containers.objects(session, box.id, listing.Query(10_000))
    listed = {row[0] for row in rows}
    may = {name: numbers for client in clients for name, numbers in client.may.items()}
    assert {n for n, numbers in may.items() if None not in numbers} <= listed
    assert listed <= {n for n, numbers in may.items() if numbers != {None}}
    assert (box.objects, box.bytes) == (len(rows), sum(row[1] for row in rows))


def test_devices_fail_under_load_and_nobody_notices(service, deps, read_only):
    "One emptied, one read-only, one rotten at the same moment: the copy that is left serves."
    clients = begin(service)
    try:
        time.sleep(4)
        read_only(service.devices["d2"])
        empty(service.devices["d1"])
        assert rot(service.devices["d3"], random.Random(1)) > 3
        time.sleep(6)
    finally:
        settle(clients)
    assert sum(client.requests for client in clients) > 100
    # at most the upload that each client had under way when two of its three devices went
    assert sum(client.refused for client in clients) <= CLIENTS
    wait_until_whole(deps)
    check_everything(service, deps, clients)


def test_kill_9_again_and_again_while_devices_fail(service, deps, read_only):
    faults_in_turn = {
        1: lambda: read_only(service.devices["d2"]),
        3: lambda: empty(service.devices["d4"]),
        4: lambda: rot(service.devices["d3"], random.Random(2)),
    }
    clients = begin(service, dies=True)
    dice = random.Random(3)
    try:
        for turn in range(7):
            time.sleep(dice.uniform(0.5, 2))
            service.kill()
            faults_in_turn.get(turn, lambda: None)()
            service.start()
        time.sleep(1)
    finally:
        settle(clients)
    assert sum(client.requests for client in clients) > 100
    wait_until_whole(deps)
    check_everything(service, deps, clients)
