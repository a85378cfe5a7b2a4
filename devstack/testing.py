"""`devstack/test`: the suites, fast ones first, guests last; one line of result for each, and what
failed in full.

What needs a cloud gets one of its own in namespaces (instance `test`), made at the start of that
part and purged at its end, also after a failure. An earlier run that was cut short is cleaned up
first.

    devstack/test                 everything that runs every time
    devstack/test lint unit api   only these, or those that run by name only (see SUITES)
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from devstack import packages
from devstack.paths import REPO, Paths
from devstack.progress import Refused

INSTANCE = "test"
DATABASES = ("postgresql", "mariadb-server")
CEPH = ("ceph-mon", "ceph-mgr", "ceph-osd", "ceph-common", "python3-rados")
FIRST = ("tests/e2e/cloud/test_first_server.py", "tests/e2e/cloud/test_openstack_client.py")
PACKAGES = (
    "common",
    "identity",
    "image",
    "objectstore",
    "compute",
    "network",
    "dashboard",
    "devstack",
)


@dataclass(frozen=True)
class Suite:
    "One part of the tests: its command, and whether it runs inside the test cloud."

    name: str
    run: Callable[[Paths], int]
    needs_cloud: bool = False
    by_name_only: bool = False
    """Too long, or not yet stable enough, for every run: `devstack/test NAME` runs it."""


def main(paths: Paths, names: list[str]) -> int:
    "Run the suites named (all without names); 0 when all passed."
    unknown = set(names) - {s.name for s in SUITES}
    if unknown:
        raise Refused(
            f"There is no suite {', '.join(sorted(unknown))}; there are "
            f"{', '.join(s.name for s in SUITES)}."
        )
    chosen = [s for s in SUITES if s.name in names or not (names or s.by_name_only)]
    results: list[tuple[str, int, float]] = []
    _purge()
    try:
        for suite in chosen:
            if suite.needs_cloud and not any(name == "cloud" for name, _, _ in results):
                results.append(_timed("cloud", lambda _: _up(), paths))
                if results[-1][1]:
                    break
            results.append(_timed(suite.name, suite.run, paths))
    finally:
        _purge()
    return _summary(results)


def _timed(name: str, run: Callable[[Paths], int], paths: Paths) -> tuple[str, int, float]:
    print(f"=== {name}", flush=True)
    began = time.monotonic()
    code = run(paths)
    took = time.monotonic() - began
    print(f"=== {name}: {'ok' if code == 0 else f'FAILED ({code})'} in {took:.0f} s", flush=True)
    return name, code, took


def _summary(results: list[tuple[str, int, float]]) -> int:
    print(
        "\n"
        + "\n".join(
            f"{'ok    ' if code == 0 else 'FAILED'} {name:<12} {took:6.0f} s"
            for name, code, took in results
        )
    )
    failed = sum(code != 0 for _, code, _ in results)
    print(f"{len(results) - failed} suites passed, {failed} failed")
    return 1 if failed or not results else 0


def _lint(paths: Paths) -> int:
    here = [p for p in PACKAGES if (REPO / p).is_dir()]
    return (
        _command(paths, "-m", "ruff", "check", ".")
        | _command(paths, "-m", "ruff", "format", "--check", ".")
        | _command(paths, "-m", "mypy", *here)
    )


def _pytest(*arguments: str, **variables: str) -> Callable[[Paths], int]:
    return lambda paths: _command(paths, "-m", "pytest", *arguments, **variables)


def _on_servers(paths: Paths) -> int:
    "The API tests again, on PostgreSQL and on MariaDB."
    packages.ensure(DATABASES)
    code = 0
    for kind in ("postgresql", "mariadb"):
        code |= _pytest(
            "-n",
            "2",
            "tests/api",
            "tests/unit/test_migrations.py",
            "tests/unit/common/test_db.py",
            TEST_DATABASE=kind,
        )(paths)
    return code


def _on_ceph(paths: Paths) -> int:
    "The rados engine on a Ceph that the test starts."
    packages.ensure(CEPH)
    return _pytest("tests/e2e/objectstore/test_rados.py")(paths)


def _inside(*arguments: str) -> Callable[[Paths], int]:
    "pytest in the test cloud's namespaces, as its administrator."

    def run(paths: Paths) -> int:
        cloud = _cloud()
        script = f'. {cloud.etc}/openrc-admin && exec {cloud.python} -m pytest "$@"'
        return _shell(
            [
                str(REPO / "devstack/run"),
                "--instance",
                INSTANCE,
                "sh",
                "-c",
                script,
                "pytest",
                *arguments,
            ]
        )

    return run


def _up() -> int:
    return _shell([str(REPO / "devstack/up"), "--instance", INSTANCE], ALTOSTRATUS_TEST_CLOUD="1")


def _purge() -> None:
    "Whatever an earlier run of the tests left."
    cloud = _cloud()
    if cloud.root.exists() and os.environ.get("ALTOSTRATUS_KEEP_TEST_CLOUD") != "1":
        _shell([str(REPO / "devstack/down"), "--instance", INSTANCE, "--purge"])


def _command(paths: Paths, *arguments: str, **variables: str) -> int:
    return _shell([str(paths.python), *arguments], **variables)


def _plain() -> dict[str, str]:
    "Our environment without what names the cloud that this command itself belongs to."
    own = ("ALTOSTRATUS_ROOT", "ALTOSTRATUS_ETC", "ALTOSTRATUS_CLOUD")
    return {k: v for k, v in os.environ.items() if k not in own}


def _cloud() -> Paths:
    "The folders of the test cloud."
    return Paths.of({**_plain(), "ALTOSTRATUS_INSTANCE": INSTANCE})


def _shell(command: list[str], **variables: str) -> int:
    sys.stdout.flush()
    return subprocess.run(
        command, cwd=REPO, env={**_plain(), **variables}, check=False, stdin=subprocess.DEVNULL
    ).returncode


SUITES = (
    Suite("lint", _lint),
    Suite("unit", _pytest("-n", "2", "tests/unit")),
    Suite("api", _pytest("-n", "2", "tests/api")),
    Suite("databases", _on_servers, by_name_only=True),
    Suite("packets", _pytest("tests/e2e/network")),
    Suite(
        "objects",
        _pytest(
            "tests/e2e/objectstore/test_redundancy.py",
            "tests/e2e/objectstore/test_multipart.py",
            "tests/e2e/objectstore/test_full_disk.py",
        ),
    ),
    Suite("rados", _on_ceph, by_name_only=True),
    Suite("node", _pytest("tests/e2e/compute_agent")),
    Suite("first", _inside(*FIRST), needs_cloud=True),
    Suite("clients", _inside("tests/clients"), needs_cloud=True),
    Suite("conformance", _inside("tests/conformance"), needs_cloud=True),
    Suite("many", _inside("tests/e2e/cloud/test_many.py"), needs_cloud=True),
    Suite("browser", _inside("tests/browser"), needs_cloud=True),
    Suite("kills", _inside("tests/e2e/cloud/test_kills.py"), needs_cloud=True),
)
