"A lease of a conductor that was killed does not bind the one that comes after it."

import subprocess
import sys

from compute.conductor import leases

PRINT = "from compute.conductor import leases; print(leases.holder(), flush=True); input()"


def test_a_holder_lives_until_its_process_ends():
    other = subprocess.Popen(
        [sys.executable, "-c", PRINT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    name = other.stdout.readline().strip()
    assert not leases.is_dead(name) and not leases.is_dead(leases.holder())
    other.kill()
    other.communicate()
    assert leases.is_dead(name)


def test_a_process_that_only_has_the_same_number_is_another():
    host, namespace, pid, started = leases.holder().rsplit(":", 3)
    assert leases.is_dead(f"{host}:{namespace}:{pid}:{int(started) - 1}")


def test_of_other_places_nothing_is_known():
    _, namespace, _, _ = leases.holder().rsplit(":", 3)
    assert not leases.is_dead("elsewhere:1:1:1")
    assert not leases.is_dead(f"elsewhere:{namespace}:999999999:1")
    assert not leases.is_dead("postponed") and not leases.is_dead("")
    assert len(leases.holder()) <= 64
