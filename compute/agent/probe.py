"""Does KVM really run a 64-bit guest here? Opening /dev/kvm does not prove it.

There are kernels whose KVM takes an ordinary guest and then emulates it instruction by instruction,
or stops at its first SSE instruction; servers on them would hang for ever. So a tiny program
(`kvmprobe.S`) is run as a guest: it must count in ring 0 and ring 3, use SSE2 and leave, all within
two seconds. The answer is kept for the boot of the machine and the version of QEMU."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import tempfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

LOG = logging.getLogger(__name__)
_PASSED = 99
"""QEMU's exit status after the program wrote 0x31 to isa-debug-exit: (0x31 << 1) | 1."""

# as --32 -o p.o kvmprobe.S; ld -m elf_i386 -Ttext=0x100000 -N --build-id=none -e _start -o p.elf
# p.o;
# objcopy -O binary -j .text p.elf p.bin; zlib, base64
PROGRAM = zlib.decompress(
    base64.b64decode(
        "eNo9T79Lw1AQ/l7wmaKEeyBOLiGgTkLi5Ogg+Jyks3tw0imrVCOIQ4p09H+QdnBoitAHDqWTIg4dgzhZcJAMUn/Ea9N68O67u+++"
        "+3hW62YFEPjdr74CCuN3JBSUVnC5Ht1hR6EnoRRsd1Jxtn2FLji1L1iRwgIubQlWxL3KS05u5rjzAHlZeywkb5DWAEObjhA89sk1"
        "DmtqcfZFniGxfMiWbw32qyBsK9Qf64O6SbERiKIffYd0LGM2CunZhJpOjI4/reggPeWbgelUsMQ30zPudCK3eDF44v58wpKvE2eB"
        "Z3u9e7aEJlsnq3IXqP7f79pMkKTFuLCjuVYwtFpe2Mnxng9/kts1JjGFK4EyZjiLouB03Syx8VDixxRHTaxjm7/4B2aLYaY="
    )
)


@dataclass(frozen=True)
class Verdict:
    "`virt_type` for libvirt, and why."

    virt_type: str
    reason: str


def virt_type(state: Path, qemu: str = "qemu-system-x86_64") -> Verdict:
    "`kvm` where the proof succeeds, else `qemu`; remembered in `state`."
    key = f"{_boot_id()} {_version(qemu)}"
    try:
        kept = json.loads(state.read_text())
        if kept.pop("key") == key:
            return Verdict(**kept)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no answer yet, or one that another version wrote
    verdict = prove(qemu)
    state.write_text(json.dumps(asdict(verdict) | {"key": key}))
    level = logging.INFO if verdict.virt_type == "kvm" else logging.WARNING
    LOG.log(level, "virt_type is %s: %s", verdict.virt_type, verdict.reason)
    return verdict


def prove(qemu: str = "qemu-system-x86_64") -> Verdict:
    "Run the proof now."
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return Verdict("qemu", "there is no usable /dev/kvm")
    failures = []
    for cpu in ("host", "qemu64"):
        passed, why = attempt("kvm", cpu, qemu)
        if passed:
            return Verdict("kvm", f"a 64-bit guest ran with -cpu {cpu}")
        failures.append(f"-cpu {cpu}: {why}")
    return Verdict(
        "qemu", "/dev/kvm opens but does not run a 64-bit guest (" + "; ".join(failures) + ")"
    )


def attempt(
    accelerator: str, cpu: str, qemu: str = "qemu-system-x86_64", limit_s: float = 2.0
) -> tuple[bool, str]:
    "Run the program once: whether it passed, and what happened."
    with tempfile.NamedTemporaryFile(suffix=".multiboot") as program:
        program.write(PROGRAM)
        program.flush()
        command = [
            qemu,
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
            "-M",
            "microvm,isa-serial=off,pit=off,pic=off,rtc=off",
            "-accel",
            accelerator,
            "-cpu",
            cpu,
            "-m",
            "32",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=1",
            "-kernel",
            program.name,
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False, f"it had not ended after {limit_s:.1f} s"
        except OSError as error:
            return False, str(error)
    said = (done.stderr.strip().splitlines() or [""])[-1]
    return done.returncode == _PASSED, f"exit status {done.returncode} {said}".strip()


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _version(qemu: str) -> str:
    try:
        return subprocess.run(
            [qemu, "--version"], capture_output=True, text=True, check=False
        ).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"
