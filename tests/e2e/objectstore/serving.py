"""The API and the keeper as processes of their own, with tokens that the test signs."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common import db
from objectstore import config
from tests.support import tokens

REPO = Path(__file__).parents[3]
KEY = "TEST_TOKEN_KEY"
S3_TOKEN = "TEST_S3_TOKEN"
S3_PAIR = ("access", "secret")
"The access key of project p1's member."


def application():
    "What the WSGI server of the test loads: the app, trusting the key of the test that began it."
    from common.auth import Authenticator
    from common.service import begin_worker
    from common.tokens import Verifier
    from objectstore.app import create_app
    from objectstore.core.s3.signers import Answer, Signers
    from objectstore.core.s3.sigv4 import signature, signing_key

    def ask(access, text, given):
        "What identity would say of a signature."
        key = signing_key(S3_PAIR[1], text.split("\n")[2])
        if access != S3_PAIR[0] or signature(key, text) != given:
            return None
        return Answer(os.environ[S3_TOKEN], key)

    begin_worker()
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(os.environ[KEY]))
    authenticate = Authenticator(Verifier(keys={"test": key}), None, "object-store")
    app = create_app(config.load(), authenticate)
    app.extensions["deps"].signers = Signers(ask, authenticate, 60)
    return app


class Service:
    """The processes of one object store in `folder`, with four devices d1 to d4 in it. Its keeper
    works every second where one of a real cloud works every minute."""

    def __init__(self, folder, reclaim_age_s=60):
        self.folder = folder
        etc = folder / "etc"
        etc.mkdir()
        self.devices = {f"d{i}": folder / f"d{i}" for i in range(1, 5)}
        for path in self.devices.values():
            path.mkdir()
        self.port, health = _free_port(), _free_port()
        shown = ",".join(f"{name}={path}" for name, path in self.devices.items())
        (etc / "objectstore.conf").write_text(
            f"[DEFAULT]\nstate_dir = {folder}\n"
            f"[database]\nurl = sqlite:///{folder}/objectstore.sqlite\n"
            f"[disks]\ndevices = {shown}\n"
            f"[storage]\ndead_blob_s = 2\nreclaim_age_s = {reclaim_age_s}\n"
            "[keeper]\nreplicate_interval_s = 1\naudit_mib_s = 1024\nsweep_interval_s = 5\n"
            f"health_port = {health}\n"
        )
        self._logs = (folder / "processes.log").open("ab")
        raw = tokens.KEY.public_key().public_bytes_raw()
        self._environment = {
            **os.environ,
            "ALTOSTRATUS_ETC": str(etc),
            KEY: base64.b64encode(raw).decode(),
            S3_TOKEN: tokens.token(project_id="p1"),
        }
        db.upgrade("objectstore", f"sqlite:///{folder}/objectstore.sqlite")
        self.api = self.keeper = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        "Both processes; returns when the API answers."
        target = "tests.e2e.objectstore.serving:application"
        self.api = self._run("common.server", target, "127.0.0.1", str(self.port), "2", "8")
        self.keeper = self._run("objectstore", "keeper")
        end = time.monotonic() + 60
        while True:
            try:
                with urlopen(f"{self.url}/info", timeout=5):
                    return
            except OSError:
                if time.monotonic() > end or self.api.poll() is not None:
                    raise
                time.sleep(0.05)

    def _command(self, module, *arguments):
        return [sys.executable, "-m", module, *arguments]

    def _run(self, module, *arguments):
        return subprocess.Popen(
            self._command(module, *arguments),
            cwd=REPO,
            env=self._environment,
            stdout=self._logs,
            stderr=self._logs,
        )

    def kill(self):
        "kill -9 of both; the workers of the API end with their parent."
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)
        self._logs.close()

    def _end(self, number):
        for process in (self.api, self.keeper):
            process.send_signal(number)
        for process in (self.api, self.keeper):
            process.wait(60)

    def configuration(self):
        "For a look at rows and devices from the test's own process."
        return config.load(
            **{
                "state_dir": str(self.folder),
                "database.url": f"sqlite:///{self.folder}/objectstore.sqlite",
                "disks.devices": [f"{n}={p}" for n, p in self.devices.items()],
            }
        )


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
