"""What image data really is, found out while it streams, and whether it is what it claims and safe
to open.

The inspectors are oslo.utils' (written after OSSA-2024-001): a qcow2 with a backing or data file, a
VMDK whose descriptor names other files, and content that is not the declared format never reach a
program that would follow them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from oslo_utils.imageutils import format_inspector

LOG = logging.getLogger(__name__)

_LIKE_RAW = {"raw", "gpt"}
_ACCEPTED = {
    "raw": _LIKE_RAW,
    "gpt": {"gpt"},
    "ami": _LIKE_RAW,
    "ari": _LIKE_RAW,
    "aki": _LIKE_RAW,
    "ploop": {"raw"},
    "iso": {"iso", "gpt"},
}
"""What may be found under a declared format, where it is more than that format itself. Bootable ISO
images carry a partition table too; kernels and ramdisks have no format that the inspectors know."""
_TWO_FACED = {"iso", "gpt"}
_HEAD = 64 * 1024
_DESCRIPTOR = re.compile(rb"createtype|descriptorfile", re.IGNORECASE)
_UNSEEN = ("ovf", "ova", "docker", "compressed")
"""Containers: the disk is inside and cannot be inspected in passing."""


@dataclass(frozen=True)
class Verdict:
    "What inspection found: `problem` is None, `mismatch` or `unsafe`, with the reason in words."

    found: tuple[str, ...] = ()
    virtual_size: int | None = None
    problem: str | None = None
    reason: str = ""


class Inspection:
    "Inspects blocks on their way: iterate over `watch(blocks)`, then ask `verdict()`."

    def __init__(self, disk_format: str | None, container_format: str | None) -> None:
        self.disk_format = disk_format
        self.skip = container_format in _UNSEEN or disk_format is None
        self._wrapper: format_inspector.InspectWrapper | None = None
        self._head = b""

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        "The same blocks."
        if self.skip:
            return iter(blocks)
        kept = self._keep_head(blocks)
        self._wrapper = format_inspector.InspectWrapper(kept)  # type: ignore[arg-type]
        return self._wrapper

    def _keep_head(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            if len(self._head) < _HEAD:
                self._head += block[: _HEAD - len(self._head)]
            yield block

    def verdict(self, size: int) -> Verdict:
        "What the `size` bytes that passed were. To be asked at their end."
        if self._wrapper is None or size == 0:
            return Verdict()
        try:
            found = self._wrapper.formats or []
        except format_inspector.ImageFormatError as error:
            return Verdict(problem="mismatch", reason=str(error))
        names = tuple(sorted(str(i) for i in found))
        unsafe = [why for i in found if (why := self._danger(i))]
        if self.disk_format == "vmdk" and "vmdk" not in names and _DESCRIPTOR.search(self._head):
            # the inspector knows VMDK only with a header; readers also follow a bare description
            unsafe.append("vmdk: a description that names other files")
        if unsafe:
            return Verdict(names, problem="unsafe", reason="; ".join(unsafe))
        expected = _ACCEPTED.get(self.disk_format or "", {self.disk_format})
        if not set(names) <= expected or (len(names) > 1 and set(names) != _TWO_FACED):
            reason = f"it is declared {self.disk_format}, but its content is {' and '.join(names)}."
            return Verdict(names, problem="mismatch", reason=reason)
        return Verdict(names, virtual_size=self._virtual_size(found, size))

    def _danger(self, inspector: format_inspector.FileInspector) -> str | None:
        try:
            inspector.safety_check()
        except (format_inspector.ImageFormatError, format_inspector.SafetyCheckFailed) as error:
            if str(inspector) == "gpt":
                # odd partition tables are common, and no reader opens other files for them
                LOG.info("partition table: %s", error)
                return None
            return f"{inspector}: {_words(error)}"
        return None

    def _virtual_size(self, found: list[format_inspector.FileInspector], size: int) -> int | None:
        names = {str(i): i for i in found}
        inspector = names.get(self.disk_format or "")
        if inspector is None or self.disk_format in ("raw", "gpt"):
            return size
        try:
            return int(inspector.virtual_size)
        except Exception as error:  # a header that lies about itself in yet another way
            LOG.info("virtual size of %s: %s", inspector, error)
            return None


def _words(error: Exception) -> str:
    failures = getattr(error, "failures", None)
    if not failures:
        return str(error)
    return ", ".join(f"{name} ({failure})" for name, failure in failures.items())
