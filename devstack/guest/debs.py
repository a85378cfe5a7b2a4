"Debian packages as archives: downloaded by apt-get, unpacked by dpkg-deb, never installed."

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from devstack.progress import Refused


class Debs:
    "A folder of downloaded packages."

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o755)  # apt-get downloads as its own user

    def dependency(self, package: str, pattern: str) -> str:
        """The first dependency of `package` that the pattern matches: what a metapackage stands
        for now."""
        shown = self._call("apt-cache", "depends", package)
        found = re.search(rf"Depends: ({pattern})\s", shown)
        if not found:
            raise Refused(f"Debian's {package} depends on nothing like {pattern}: apt-get update")
        return found.group(1)

    def unpack(self, names: list[str], target: Path) -> Path:
        "All the packages unpacked into one tree."
        target.mkdir(parents=True)
        for name in names:
            self._call("dpkg-deb", "-x", str(self._archive(name)), str(target))
        return target

    def _archive(self, name: str) -> Path:
        version = self._version(name)
        pattern = f"{name}_{version.replace(':', '%3a')}_*.deb"
        found = list(self.folder.glob(pattern))
        if not found:
            self._call("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name)
            found = list(self.folder.glob(pattern)) or sorted(
                self.folder.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime
            )
        if not found:
            raise Refused(f"apt-get download {name} left no archive in {self.folder}")
        return found[-1]

    def _version(self, name: str) -> str:
        found = re.search(r"Candidate: (\S+)", self._call("apt-cache", "policy", name))
        if not found or found.group(1) == "(none)":
            raise Refused(f"apt knows no package {name}: apt-get update")
        return found.group(1)

    def _call(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if done.returncode:
            raise Refused(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
        return done.stdout
