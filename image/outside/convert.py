"""Conversion by qemu-img, kept on a short lead: the format is always said, memory and time are
limited, and what the header claims is looked at first, so that neither a backing file nor a
petabyte of zeros is followed."""

from __future__ import annotations

import json
import os
import subprocess

from oslo_config import cfg

from common import cpus
from image.errors import ImportRefused

INPUT_FORMATS = {
    "raw": "raw",
    "gpt": "raw",
    "qcow2": "qcow2",
    "vhd": "vpc",
    "vhdx": "vhdx",
    "vmdk": "vmdk",
    "vdi": "vdi",
}
"""qemu-img's names of the formats that are converted; others are left as they are."""
_HEADERS = 1024**3
"""Bytes that a converted file may be larger than its disk: tables of an image of many TiB."""


class Convert:
    "Runs qemu-img under the configured limits."

    def __init__(self, config: cfg.ConfigOpts) -> None:
        self.limits = config.formats

    def wanted(self, disk_format: str | None, container_format: str | None) -> str | None:
        "The format to convert to, None if there is nothing to do."
        to: str = self.limits.convert_to
        if not to or disk_format not in INPUT_FORMATS or container_format != "bare":
            return None
        return None if INPUT_FORMATS[disk_format] == to else to

    def run(self, source: str, disk_format: str, target: str, to: str) -> None:
        "Convert the file `source`. Raises ImportRefused with what qemu-img says."
        known = INPUT_FORMATS[disk_format]
        text = self._qemu_img(["info", "-f", known, "--output=json", source])
        info = json.loads(text)
        inner = info.get("format-specific", {}).get("data", {})
        if any(info.get(k) for k in ("backing-filename", "full-backing-filename")):
            raise ImportRefused(reason="the image has a backing file.")
        if inner.get("data-file") or any(
            e.get("filename") not in (None, source) for e in inner.get("extents", [])
        ):
            raise ImportRefused(reason="the image keeps its data in another file.")
        most = self.limits.convert_virtual_most_gib
        if info.get("virtual-size", 0) > most * 1024**3:
            raise ImportRefused(reason=f"its virtual size is over {most} GiB.")
        self._qemu_img(["convert", "-f", known, "-O", to, source, target])

    def _qemu_img(self, arguments: list[str]) -> str:
        seconds = self.limits.convert_timeout_s
        command = [
            # it must not go on writing when this process was killed and its work is undone
            "setpriv",
            "--pdeathsig=KILL",
            "--no-new-privs",
            "prlimit",
            f"--as={self.limits.convert_memory_mib * 1024**2}",
            f"--cpu={seconds}",
            f"--fsize={self.limits.convert_virtual_most_gib * 1024**3 + _HEADERS}",
            "--core=0",
            "qemu-img",
            *arguments,
        ]
        try:
            with cpus.Anywhere():
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=seconds,
                    stdin=subprocess.DEVNULL,
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                )
        except subprocess.TimeoutExpired:
            raise ImportRefused(reason=f"qemu-img took more than {seconds} s.") from None
        except OSError as error:
            raise ImportRefused(reason=f"qemu-img cannot be run: {error}") from error
        if done.returncode:
            words = done.stderr.strip()[-300:] or f"it ended with {done.returncode}"
            raise ImportRefused(reason=f"qemu-img: {words}.")
        return done.stdout
