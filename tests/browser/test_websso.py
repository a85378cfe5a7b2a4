"""Logging in at an identity provider with a real browser, identity and dashboard: what only a
browser shows is whether cookies, policies and origins let the way through. The provider alone is a
stand-in."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from werkzeug.serving import make_server

from common import db
from dashboard import config as dashboard_config
from dashboard.app import create_app as create_dashboard
from identity import config as identity_config
from identity.app import create_app as create_identity
from identity.app import make_deps
from identity.core import bootstrap
from tests.api.identity.conftest import FAST, PLAN, Cloud
from tests.api.identity.test_federation import trust
from tests.browser.conftest import _free_port as free_port
from tests.fakes.openid import Provider


class Place(NamedTuple):
    "Where things are; `client_port` is that of the command line's end of the login."

    dashboard: str
    provider: Provider
    identity: str
    client_port: int


@pytest.fixture
def serve():
    "Serve an application on a port of this host."
    servers = []

    def run(app, port):
        server = make_server("127.0.0.1", port, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)

    yield run
    for server in servers:
        server.shutdown()


@pytest.fixture(params=["127.0.0.1", "localhost"], ids=["same site", "another site"])
def dashboard(request, tmp_path, serve):
    "The address of a dashboard that offers the provider; on the site of identity, or another."
    provider, ports = Provider(), (free_port(), free_port(), free_port())
    here, identity_url = f"http://{request.param}:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
    config = identity_config.load(
        **{
            "state_dir": str(tmp_path),
            "bus.url": "memory://",
            "database.url": f"sqlite:///{tmp_path}/identity.sqlite",
            "federation.oidc_clients": ["corp"],
            "federation.trusted_dashboard": [
                f"{here}/auth/websso/",
                f"http://localhost:{ports[2]}/auth/websso/",
            ],
            "oidc_corp.client_id": provider.client[0],
            "oidc_corp.client_secret": provider.client[1],
            **FAST,
        }
    )
    db.upgrade("identity", config.database.url)
    deps = make_deps(config)
    # no service besides: what may run on this machine is of another cloud
    catalog = [{"type": "identity", "name": "keystone", "url": f"{identity_url}/v3"}]
    bootstrap.run(deps, PLAN | {"services": catalog})
    serve(create_identity(config, deps), ports[1])
    trust(Cloud(deps), provider)
    options = dashboard_config.load(
        **{
            "state_dir": str(tmp_path),
            "identity.url": identity_url,
            "login.websso": {"corp/openid": "Company account"},
        }
    )
    serve(create_dashboard(options), ports[0])
    yield Place(here, provider, identity_url, ports[2])
    provider.close()
    deps.db.dispose()


def test_somebody_logs_in_at_the_provider(dashboard, chromium):
    here, provider = dashboard.dashboard, dashboard.provider
    context = chromium.new_context(base_url=here, viewport={"width": 1360, "height": 900})
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append(m.text) if "Policy" in m.text else None)
    page.goto("/access")
    page.click("text=Company account")
    # over the provider and identity, by itself; the cookie that remembers the page is not sent
    # from one site to another
    page.wait_for_url(f"{here}/access" if "127.0.0.1" in here else f"{here}/")
    page.wait_for_selector("button.user:has-text('ann')")
    assert page.locator(":text('demo')").count()
    provider.refuse = "access_denied"
    page.click("button.user")
    page.click("text=Log out")
    page.wait_for_url("**/login?why=out")
    page.click("text=Company account")
    page.wait_for_selector("text=access_denied")
    assert complaints == []
    context.close()


def test_the_command_line_logs_in_with_a_browser(dashboard, chromium, tmp_path):
    asked = tmp_path / "url"
    opener = tmp_path / "browser"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {asked}.part && mv {asked}.part {asked}\n')
    opener.chmod(0o700)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
    options = {
        "auth-type": "v3websso",
        "auth-url": f"{dashboard.identity}/v3",
        "identity-provider": "corp",
        "protocol": "openid",
        "project-name": "demo",
        "project-domain-id": "default",
        "redirect-port": str(dashboard.client_port),
    }
    command = [str(Path(sys.executable).parent / "openstack")]
    command += [part for name, value in options.items() for part in (f"--os-{name}", value)]
    client = subprocess.Popen(
        [*command, "token", "issue", "-f", "value", "-c", "project_id"],
        env={**environment, "BROWSER": str(opener)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not asked.exists() and client.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert asked.exists(), client.communicate(timeout=60)[0]
    context = chromium.new_context()
    context.new_page().goto(asked.read_text())
    said, _ = client.communicate(timeout=60)
    context.close()
    assert client.returncode == 0 and len(said.split()[-1]) == 32, said
