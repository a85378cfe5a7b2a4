"""Facts about this machine from the kernel; nothing here knows libvirt."""

from __future__ import annotations

import os
import time
from pathlib import Path


def memory_mib() -> tuple[int, int]:
    "Total and available memory of the host, MiB, as the kernel counts them."
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemTotal"].split()[0]) // 1024, int(lines["MemAvailable"].split()[0]) // 1024


def uptime() -> str:
    "The line that `uptime` prints."
    seconds = float(Path("/proc/uptime").read_text().split()[0])
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    span = (f"{days} day{'s' if days != 1 else ''}, " if days else "") + f"{hours:2d}:{minutes:02d}"
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    return f" {time.strftime('%H:%M:%S', time.gmtime())} up {span},  0 users,  load average: {load}"
