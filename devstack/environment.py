"""The virtual environment: made from /usr/bin/python3 with Debian's packages visible, because
the bindings of libvirt, rados and rbd exist only there. It holds what the project needs; the
project itself runs from the checkout, so that a change of the code is there after a restart."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from pathlib import Path

from devstack.paths import REPO, Paths
from devstack.progress import Refused, step

SYSTEM_PYTHON = "/usr/bin/python3"


def requirements(extras: list[str], setup: Path = REPO / "setup.cfg") -> list[str]:
    "What setup.cfg asks for, for the product itself and for `extras`."
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(setup)
    blocks = [parser.get("options", "install_requires", fallback="")]
    blocks += [parser.get("options.extras_require", extra, fallback="") for extra in extras]
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line})


def ensure(paths: Paths, extras: list[str]) -> None:
    """Make the environment, or bring it to what setup.cfg asks for. Raises Refused with pip's
    own words."""
    if paths.venv_given:
        if not paths.python.exists():
            raise Refused(f"ALTOSTRATUS_VENV is {paths.venv}, and there is no bin/python in it.")
        return
    stamp = paths.venv / ".altostratus"
    lines = stamp.read_text().splitlines() if stamp.exists() and paths.python.exists() else [""]
    extras = sorted({*extras, *lines[0].split()})
    wanted = requirements(extras)
    if lines[1:] == wanted:
        return
    with step("Python packages") as shown:
        if not paths.python.exists():
            _make(paths.venv)
        _pip(paths, wanted)
        site = next(paths.venv.glob("lib/python3*/site-packages"))
        (site / "altostratus.pth").write_text(f"{REPO}\n")
        stamp.write_text("\n".join([" ".join(extras), *wanted]) + "\n")
        shown.result = f"{paths.venv} ({', '.join(extras)})"


def _make(venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    venv.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", str(venv)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"{SYSTEM_PYTHON} -m venv {venv}: {(done.stdout + done.stderr)[-600:]}")


def _pip(paths: Paths, wanted: list[str]) -> None:
    done = subprocess.run(
        [
            str(paths.python),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--upgrade-strategy",
            "only-if-needed",
            *wanted,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"pip could not install what setup.cfg asks for:\n{done.stdout[-1500:]}")


def run_module(paths: Paths, module: str, arguments: list[str]) -> str:
    "Run a module in the environment; its last line. Raises Refused with what it printed."
    done = subprocess.run(
        [str(paths.python), "-m", module, *arguments],
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **paths.environment()},
    )
    lines = done.stdout.strip().splitlines() or [""]
    if done.returncode:
        raise Refused("\n".join(lines[-15:]))
    return lines[-1]
