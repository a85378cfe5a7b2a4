"""Where everything of a cloud lies. Standard library only: it runs before anything is installed.

ALTOSTRATUS_ROOT      the root of all other paths, default /
ALTOSTRATUS_INSTANCE  a second cloud beside the machine's own, in namespaces; its root is
                      /var/lib/altostratus-instances/NAME unless ALTOSTRATUS_ROOT says otherwise
ALTOSTRATUS_VENV      a virtual environment that somebody else looks after: used as it is
ALTOSTRATUS_CACHE     built guest images and downloaded packages
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
INSTANCES = Path("/var/lib/altostratus-instances")


class BadInstance(ValueError):
    "A name of an instance that could not be a host name and a file name."


@dataclass(frozen=True)
class Paths:
    "The folders of one cloud."

    root: Path
    instance: str
    venv: Path
    venv_given: bool
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Paths:
        "The paths that the environment names. Raises BadInstance."
        instance = environ.get("ALTOSTRATUS_INSTANCE", "")
        if instance and not re.fullmatch(r"[a-z][a-z0-9-]{0,10}", instance):
            raise BadInstance(f"{instance!r}: a small letter, then at most 10 of a-z, 0-9 and -")
        default = INSTANCES / instance if instance else Path("/")
        root = Path(environ.get("ALTOSTRATUS_ROOT") or default)
        shared = Path("/") if instance else root
        given = environ.get("ALTOSTRATUS_VENV", "")
        return cls(
            root=root,
            instance=instance,
            venv_given=bool(given),
            venv=Path(given) if given else shared / "opt/altostratus",
            cache=Path(environ.get("ALTOSTRATUS_CACHE") or shared / "var/cache/altostratus"),
        )

    @property
    def etc(self) -> Path:
        "Configuration."
        return self.root / "etc/altostratus"

    @property
    def state(self) -> Path:
        "What must outlive a process."
        return self.root / "var/lib/altostratus"

    @property
    def log(self) -> Path:
        "One file for each process."
        return self.root / "var/log/altostratus"

    @property
    def run(self) -> Path:
        "Sockets and process ids."
        return self.root / "run/altostratus"

    @property
    def python(self) -> Path:
        "The interpreter of the virtual environment."
        return self.venv / "bin/python"

    @property
    def mark(self) -> str:
        """What the environment of every daemon of this cloud carries as ALTOSTRATUS_CLOUD, and
        of no other's."""
        return f"{self.root}#{self.instance}"

    def environment(self) -> dict[str, str]:
        "The variables by which a child process finds the same cloud."
        found = {
            "ALTOSTRATUS_ROOT": str(self.root),
            "ALTOSTRATUS_ETC": str(self.etc),
            "ALTOSTRATUS_CACHE": str(self.cache),
            "ALTOSTRATUS_CLOUD": self.mark,
            "PYTHONPATH": str(REPO),
        }
        if self.instance:
            found["ALTOSTRATUS_INSTANCE"] = self.instance
        if self.venv_given:
            found["ALTOSTRATUS_VENV"] = str(self.venv)
        return found
