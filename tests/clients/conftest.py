"""The `openstack` client on a running cloud, as a person or a program uses it.

Each command runs in a fork of this process, in which the client is loaded already: the same code,
without most of a second of start for each of some hundreds of commands.
"""

import contextlib
import json
import logging
import os
import sys
import tempfile
import uuid

import pytest

from devstack.paths import Paths


class Shell:
    "`openstack --os-cloud CLOUD ...`, perhaps with more options before each command."

    def __init__(self, cloud, *options):
        self.options = ["--os-cloud", cloud, *options]

    def __call__(self, command, *more, fails=False):
        "Run a command; what it printed, parsed when it is JSON. With `fails`, what it complained."
        code, printed, complaint = self._forked([*command.split(), *more])
        if fails:
            assert code, f"{command} should fail: {printed}"
            return complaint
        assert not code, f"{command}: {complaint}"
        return json.loads(printed) if printed.lstrip()[:1] in ("{", "[") else printed

    def _forked(self, words):
        from openstackclient.shell import OpenStackShell

        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaint:
            child = os.fork()
            if not child:
                code = 70
                try:
                    os.dup2(out.fileno(), 1)
                    os.dup2(complaint.fileno(), 2)
                    logging.root.handlers.clear()
                    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
                    code = OpenStackShell().run([*self.options, *words])
                except SystemExit as ended:  # what argparse does with words that it does not know
                    code = ended.code
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code if isinstance(code, int) else 1)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            complaint.seek(0)
            return code, out.read().decode(), complaint.read().decode()

    def json(self, command, *more):
        return self(command, *more, "-f", "json")


@pytest.fixture
def config(monkeypatch):
    "Clients read the clouds.yaml of the running cloud, and nothing else."
    for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLOUD"):
        monkeypatch.delenv(name, raising=False)
    for name in [n for n in os.environ if n.startswith("OS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(Paths.of().etc / "clouds.yaml"))


@pytest.fixture
def demo(config):
    return Shell("devstack")


@pytest.fixture
def admin(config):
    return Shell("devstack-admin")


@pytest.fixture
def mark():
    return f"v{uuid.uuid4().hex[:8]}"


@pytest.fixture
def after():
    "Commands that are run at the end, the last one first; what is gone already is no matter."
    undo = contextlib.ExitStack()

    def later(shell, command):
        def run():
            with contextlib.suppress(AssertionError):
                shell(command)

        undo.callback(run)

    with undo:
        yield later
