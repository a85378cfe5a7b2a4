"""The processes of the compute service with a fuse: at the N-th thing that a process does to the
world, somebody is killed with SIGKILL, the process itself or a neighbour (libvirtd, the broker).

`python -m tests.e2e.compute_agent.faulty agent|conductor`, or as factory of the API's WSGI server.
TEST_COMPUTE names the settings, see `service.py`. The code that runs is the real one; only its
edges are counted: commits, HTTP requests, programs, files, calls of libvirt.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import struct
import sys
import threading
from pathlib import Path
from typing import Any

_FILES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "subprocess.Popen"}
_LIBVIRT = (
    "create",
    "destroyFlags",
    "undefineFlags",
    "backupBegin",
    "abortJob",
    "attachDeviceFlags",
    "detachDeviceFlags",
)


class Fuse:
    """A countdown in a file that tests and the process share. `arm(n, victim)`: the n-th deed
    from now kills `victim` (a process, a negative number: a group; 0: the process itself)."""

    _SHAPE = struct.Struct("ii")

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(self._SHAPE.size))
        self._file = open(path, "r+b")  # noqa: SIM115 it stays open as long as its memory is mapped
        self._memory = mmap.mmap(self._file.fileno(), self._SHAPE.size)
        self._lock = threading.Lock()

    def arm(self, after: int, victim: int = 0) -> None:
        "Begin to count; 0 disarms."
        self._SHAPE.pack_into(self._memory, 0, after, victim)

    @property
    def left(self) -> int:
        "Deeds until somebody dies; 0: it happened, or nothing was armed."
        return int(self._SHAPE.unpack_from(self._memory, 0)[0])

    def deed(self) -> None:
        "Count one."
        with self._lock:
            left, victim = self._SHAPE.unpack_from(self._memory, 0)
            if left <= 0:
                return
            self._SHAPE.pack_into(self._memory, 0, left - 1, victim)
            if left > 1:
                return
        try:
            os.kill(victim or os.getpid(), signal.SIGKILL)
        except ProcessLookupError:
            pass  # the victim is dead already


def settings() -> dict[str, Any]:
    "What the tests wrote down for this process."
    found: dict[str, Any] = json.loads(Path(os.environ["TEST_COMPUTE"]).read_text())
    return found


def _config(known: dict[str, Any]) -> Any:
    from compute.agent import options
    from compute.config import load

    config = load(**known["config"])
    options.register(config)
    for name, value in known["agent"].items():
        group, _, option = name.partition(".")
        config.set_override(option, value, group)
    return config


def _deps(known: dict[str, Any], config: Any) -> Any:
    from keystoneauth1 import token_endpoint

    from common.bus.events import Events
    from common.client import Services
    from compute.app import make_deps

    services = Services(config, None, token_endpoint.Token("http://none", "service"))
    return make_deps(config, services=services, events=Events(config.bus.url))


def _count_commits_and_requests(fuse: Fuse) -> None:
    from requests.adapters import HTTPAdapter
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    event.listen(Session, "before_commit", lambda session: fuse.deed())
    event.listen(Session, "after_commit", lambda session: fuse.deed())
    send = HTTPAdapter.send

    def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        fuse.deed()
        answer = send(self, *arguments, **options)
        fuse.deed()
        return answer

    HTTPAdapter.send = counted  # type: ignore[method-assign]


def _count_files_and_libvirt(fuse: Fuse) -> None:
    import libvirt

    def heard(name: str, _arguments: tuple[Any, ...]) -> None:
        if name in _FILES:
            fuse.deed()

    sys.addaudithook(heard)
    for kind, names in ((libvirt.virDomain, _LIBVIRT), (libvirt.virConnect, ("defineXMLFlags",))):
        for name in names:
            _count_calls(fuse, kind, name)


def _count_calls(fuse: Fuse, kind: Any, name: str) -> None:
    real = getattr(kind, name)

    def counted(self: Any, *arguments: Any) -> Any:
        answer = real(self, *arguments)
        fuse.deed()  # libvirt has done it, and nobody has noted it yet
        return answer

    setattr(kind, name, counted)


def application() -> Any:
    "The API: what the WSGI server loads in its worker."
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from common.auth import Authenticator
    from common.service import begin_worker
    from common.tokens import Verifier
    from compute.app import create_app

    begin_worker()
    known = settings()
    _count_commits_and_requests(Fuse(Path(known["fuses"]) / "api"))
    config = _config(known)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(known["token_key"]))
    trust = Authenticator(Verifier(keys={"test": key}), None, "compute")
    return create_app(config, authenticate=trust, deps=_deps(known, config))


def main(role: str) -> None:
    "Run the agent or the conductor."
    from common import log

    log.setup(debug=False, log_format="plain")
    known = settings()
    config = _config(known)
    fuse = Fuse(Path(known["fuses"]) / role)
    if role == "agent":
        from compute.agent.server import run as run_agent

        _count_files_and_libvirt(fuse)
        run_agent(config)
    else:
        from compute.conductor.service import run as run_conductor

        _count_commits_and_requests(fuse)
        run_conductor(_deps(known, config))


if __name__ == "__main__":
    main(sys.argv[1])
