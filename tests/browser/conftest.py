"""A browser, a dashboard, and a cloud behind it.

With the variables of an openrc set (`devstack/test` does so) it is the running cloud; else a
stand-in of the APIs, so that the pages are tested everywhere. Debian's Chromium; screenshots go to
$ALTOSTRATUS_SCREENSHOTS (docs/screenshots on a running cloud).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.fakes.cloud_api import FakeCloud
from tests.fakes.cloud_api.console import FakeConsole

NAMES = re.compile(r"(web|net|image|key|group|box|big)-[0-9a-f]{6}(_segments)?$")
ROOT = Path(__file__).parents[2]
FAILED = pytest.StashKey[bool]()
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    "Where the dashboard is, who may log in; `cloud` is the stand-in, None when the cloud is real."

    url: str
    passwords: dict[str, str]
    cloud: FakeCloud | None
    console: FakeConsole | None = None
    names: dict[str, str] = field(default_factory=dict)
    "Names of users, where they differ from what the tests call them."


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _mine(cloud: Any) -> dict[str, dict[str, Callable[[], Any]]]:
    """What a project has that these tests make, by kind, in the order in which it can go: its
    identifier and what deletes it. Only names of theirs: a word and six hexadecimal digits."""
    compute, network, image, store = cloud.compute, cloud.network, cloud.image, cloud.object_store

    def found(things: Any, delete: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
        return {t.id: partial(delete, t) for t in things if NAMES.match(t.name or "")}

    def empty(container: Any) -> None:
        for item in list(store.objects(container)):
            store.delete_object(item, container=container)
        store.delete_container(container)

    taken = {s.id for s in compute.servers() if NAMES.match(s.name)}
    ports = {p.id for p in network.ports() if p.device_id in taken}
    return {
        "floating IPs": {
            f.id: partial(network.delete_ip, f) for f in network.ips() if f.port_id in ports
        },
        "servers": found(compute.servers(), compute.delete_server),
        "networks": found(network.networks(is_router_external=False), network.delete_network),
        "security groups": found(network.security_groups(), network.delete_security_group),
        "images": found(image.images(), image.delete_image),
        "key pairs": found(compute.keypairs(), compute.delete_keypair),
        "containers": found(store.containers(), empty),
    }


def _sweep(cloud: Any, before: set[str]) -> None:
    "Delete what the tests made: the next run's pages, and a person's, show a clean cloud."
    for kind, things in _mine(cloud).items():
        for delete in (d for identifier, d in things.items() if identifier not in before):
            delete()
        deadline = time.monotonic() + 60
        while kind == "servers" and time.monotonic() < deadline:
            if not set(_mine(cloud)[kind]) - before:
                break
            time.sleep(0.5)


def _real() -> Iterator[Site]:
    """The running cloud; a user who may only read is made for the tests and goes after them, as
    everything else does."""
    from devstack import seed
    from devstack.paths import Paths

    paths = Paths.of()
    demo = seed.connect(paths, "devstack")
    before = {i for things in _mine(demo).values() for i in things}
    clouds = yaml.safe_load((paths.etc / "clouds.yaml").read_text())["clouds"]
    identity = seed.connect(paths, "devstack-admin").identity
    project = identity.find_project("demo", ignore_missing=False)
    reader = identity.find_role("reader", ignore_missing=False)
    password = uuid.uuid4().hex
    viewer = identity.create_user(name=f"viewer-{uuid.uuid4().hex[:6]}", password=password)
    try:
        identity.assign_project_role_to_user(project, viewer, reader)
        host = urlsplit(os.environ["OS_AUTH_URL"]).hostname
        yield Site(
            os.environ.get("ALTOSTRATUS_DASHBOARD", f"http://{host}:8088"),
            {
                "demo": clouds["devstack"]["auth"]["password"],
                "admin": clouds["devstack-admin"]["auth"]["password"],
                "viewer": password,
            },
            None,
            names={"viewer": viewer.name},
        )
    finally:
        identity.delete_user(viewer)
        _sweep(demo, before)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    "The dashboard."
    if os.environ.get("OS_AUTH_URL"):
        yield from _real()
        return
    cloud, console = FakeCloud().start(), FakeConsole()
    cloud.world.console_url = ""
    cloud.world.consoles = {"vnc": console.url("vnc"), "serial": console.url("serial")}
    folder = tmp_path_factory.mktemp("dashboard")
    port = _free_port()
    (folder / "altostratus.conf").write_text(
        f"[DEFAULT]\nstate_dir = {folder}\n[identity]\nurl = {cloud.url}/identity\n[bus]\nurl = memory://\n"
    )
    (folder / "dashboard.conf").write_text(f"[api]\nbind_port = {port}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "api"],
        cwd=ROOT,
        env={**os.environ, "ALTOSTRATUS_ETC": str(folder)},
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{url}/healthcheck", timeout=2).close()
            break
        except OSError:
            time.sleep(0.25)
    yield Site(url, dict.fromkeys(("demo", "admin", "viewer"), "secret"), cloud, console)
    process.terminate()
    process.wait(20)
    cloud.stop()
    console.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    "One Chromium for all tests."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    "Let fixtures know how the test went."
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def open_page(
    site: Site, chromium: Any, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """A tab of somebody logged in. A script error, or a breach of the page's policy, fails the
    test; a failed test tells what its pages showed and which answers were errors."""
    contexts, complaints, errors = [], [], []

    def make(user: str = "demo", **options: Any) -> Any:
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": 1360, "height": 900},
            accept_downloads=True,
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda m: (
                complaints.append(f"{page.url}: {m.text}")
                if "Content Security Policy" in m.text
                else None
            ),
        )
        page.on(
            "response",
            lambda r: (
                errors.append(f"{r.status} {r.request.method} {r.url}") if r.status >= 400 else None
            ),
        )
        page.goto("/login")
        page.fill("#username", site.names.get(user, user))
        page.fill("#password", site.passwords[user])
        page.click("button[type=submit]")
        # the login page has a heading too; a key pressed before the scripts are there is lost
        page.wait_for_selector("button.user")
        page.wait_for_load_state("load")
        return page

    yield make
    if request.node.stash.get(FAILED, False):
        for page in (page for context in contexts for page in context.pages):
            print(f"=== {page.url}\n{page.inner_text('body', timeout=2000)}")
        print("=== errors:", *errors, sep="\n")
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shot(site: Site, tmp_path: Path) -> Callable[[Any, str], None]:
    "Save a screenshot by name."
    default = ROOT / "docs/screenshots" if site.cloud is None else tmp_path
    folder = Path(os.environ.get("ALTOSTRATUS_SCREENSHOTS") or default)
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Any, name: str) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{re.sub(r'[^a-z0-9-]+', '-', name)}.png")

    return save
