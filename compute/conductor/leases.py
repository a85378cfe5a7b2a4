"""Who holds a job, and whether that process still lives.

A conductor that is killed leaves its leases behind. The one that is started after it on the same
host need not wait until they end: the kernel knows that the holder is gone.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_HOST_KEPT = 24
"Characters of the host name: the column has 64."


def holder() -> str:
    "This process as a holder: host, process namespace, process id, moment of its start."
    return ":".join((*_place(), str(os.getpid()), _started(os.getpid())))


def is_dead(name: str) -> bool:
    "Whether a holder has certainly ended. Of another host, or another namespace, nobody can say."
    parts = name.rsplit(":", 3)
    if len(parts) != 4 or (parts[0], parts[1]) != _place() or not parts[2].isdigit():
        return False
    return _started(int(parts[2])) != parts[3]


def _place() -> tuple[str, str]:
    namespace = os.readlink("/proc/self/ns/pid")  # pid:[4026531836]
    return socket.gethostname()[:_HOST_KEPT], namespace.strip("pid:[]")


def _started(pid: int) -> str:
    "Clock tick of a process's start, proc(5) field 22; empty when it has ended, a zombie too."
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
