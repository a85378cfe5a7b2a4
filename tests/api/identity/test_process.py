"""Identity as it is run: its own process, a real RabbitMQ, verifiers that hear of revocations, and
the ecosystem's keystonemiddleware in front of an application."""

import json
import os
import subprocess
import sys
import time
from wsgiref.util import setup_testing_defaults

import pytest
import requests
from keystonemiddleware import auth_token

from common.auth import Authenticator, Freshness
from common.bus import Events
from common.errors import Unauthorized
from common.tokens import Verifier
from tests.api.identity.conftest import PLAN
from tests.support.rabbitmq import Broker, free_port

SECRETS = ("adminpw", "demopw", "imagepw", "a-wrong-password", "robot-secret")
WITHIN_S = 1.0


class Process:
    "One API process with a database, log and broker of its own."

    def __init__(self, folder, broker):
        self.url = f"http://127.0.0.1:{(port := free_port())}/v3"
        self.log = folder / "log"
        (folder / "altostratus.conf").write_text(
            f"[DEFAULT]\nstate_dir = {folder}/state\ndebug = true\n[bus]\nurl = {broker.url}\n"
        )
        (folder / "identity.conf").write_text(f"[api]\nbind_port = {port}\n")
        (folder / "plan.json").write_text(json.dumps(PLAN | {"services": [self._service()]}))
        self._environ = os.environ | {"ALTOSTRATUS_ETC": str(folder)}
        command = [sys.executable, "-m", "identity"]
        subprocess.run(
            [*command, "bootstrap", "--upgrade", "--file", str(folder / "plan.json")],
            env=self._environ,
            check=True,
        )
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "api"], env=self._environ, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait()

    def _service(self):
        return {"type": "identity", "name": "keystone", "url": self.url}

    def _wait(self, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return requests.get(self.url, timeout=5).raise_for_status()
            except requests.ConnectionError:
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.1)

    def close(self):
        self._process.terminate()
        self._process.wait(30)

    def log_in(self, user, password, project):
        domain = {"name": "Default"}
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": user, "password": password, "domain": domain}},
        }
        auth = {"identity": identity, "scope": {"project": {"name": project, "domain": domain}}}
        return requests.post(f"{self.url}/auth/tokens", json={"auth": auth}, timeout=30)

    def token(self, user, password, project):
        answer = self.log_in(user, password, project)
        assert answer.status_code == 201, answer.text
        return answer.headers["X-Subject-Token"]

    def get(self, path, token):
        answer = requests.get(self.url + path, headers={"X-Auth-Token": token}, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def revoke(self, token):
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        answer = requests.delete(f"{self.url}/auth/tokens", headers=headers, timeout=5)
        assert answer.status_code == 204, answer.text


@pytest.fixture(scope="module")
def broker():
    with Broker() as started:
        yield started


@pytest.fixture(scope="module")
def process(broker, tmp_path_factory):
    made = Process(tmp_path_factory.mktemp("identity"), broker)
    yield made
    made.close()


@pytest.fixture(scope="module")
def verifier(broker, process):
    "What every other service has: keys, and revocations by the bus or, without it, by asking."
    token = process.token("image", "imagepw", "service")
    freshness = Freshness(
        lambda since: process.get(f"/auth/revocations?since={since}", token),
        Events(broker.url),
        grace_s=60,
    )
    return Authenticator(Verifier(lambda: process.get("/auth/keys", token)), freshness, "image")


def _refused_after(verifier, token):
    "Seconds until the verifier refuses a token."
    began = time.monotonic()
    while (waited := time.monotonic() - began) < 10:
        try:
            verifier.claims(token)
        except Unauthorized:
            return waited
        time.sleep(0.01)
    raise AssertionError("the token is still accepted after 10 s")


def _revoked_after(process, verifier):
    token = process.token("demo", "demopw", "demo")
    assert verifier.claims(token).project_id
    process.revoke(token)
    return _refused_after(verifier, token)


@pytest.mark.timeout(240)
def test_a_revocation_is_heard_within_a_second_with_the_bus_without_it_and_after(
    broker, process, verifier
):
    assert _revoked_after(process, verifier) < WITHIN_S
    broker.stop()
    try:
        assert _revoked_after(process, verifier) < WITHIN_S
        missed = process.token("demo", "demopw", "demo")
        verifier.claims(missed)
        process.revoke(missed)
    finally:
        broker.start()
    assert _refused_after(verifier, missed) < WITHIN_S
    assert _revoked_after(process, verifier) < WITHIN_S


def test_keystonemiddleware_accepts_our_tokens_and_refuses_the_rest(process):
    seen = []

    def application(environ, start_response):
        seen.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"in"]

    options = {
        "auth_type": "password",
        "auth_url": process.url,
        "www_authenticate_uri": process.url,
        "username": "image",
        "password": "imagepw",
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "service_token_roles_required": "true",
    }
    behind = auth_token.AuthProtocol(application, options)

    def status(token):
        got = []
        list(behind(_environ(token), lambda line, headers, *_: got.append(line)))
        return got[0]

    good = process.token("demo", "demopw", "demo")
    assert status(good) == "200 OK"
    assert seen[0]["HTTP_X_IDENTITY_STATUS"] == "Confirmed"
    assert seen[0]["HTTP_X_ROLES"] == "member,reader"
    assert seen[0]["HTTP_X_PROJECT_NAME"] == "demo"
    head, body, signature = good.split(".")
    for bad in (None, "nonsense", f"{head}.{body}.{signature[::-1]}"):
        assert status(bad).startswith("401")
    revoked = process.token("demo", "demopw", "demo")
    process.revoke(revoked)
    assert status(revoked).startswith("401")
    assert len(seen) == 1


def _environ(token):
    "A GET with this token, as a server hands it to an application."
    environ = {"HTTP_X_AUTH_TOKEN": token} if token else {}
    setup_testing_defaults(environ)
    return environ


def test_no_password_token_or_secret_is_in_the_log(process):
    token = process.token("admin", "adminpw", "admin")
    assert process.log_in("admin", "a-wrong-password", "admin").status_code == 401
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    subject = requests.get(f"{process.url}/auth/tokens", headers=headers, timeout=5).json()
    robot = {"application_credential": {"name": "robot", "secret": "robot-secret"}}
    owner = subject["token"]["user"]["id"]
    answer = requests.post(
        f"{process.url}/users/{owner}/application_credentials",
        json=robot,
        headers=headers,
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    junk = requests.post(
        f"{process.url}/auth/tokens", data='{"auth": "a-wrong-password', headers=headers, timeout=5
    )
    assert junk.status_code == 400
    text = process.log.read_text()
    assert "/v3/auth/tokens" in text, "the log holds no requests: nothing is shown"
    found = [secret for secret in (*SECRETS, token, token.split(".")[2]) if secret in text]
    assert not found, f"{len(found)} secrets in the log"
