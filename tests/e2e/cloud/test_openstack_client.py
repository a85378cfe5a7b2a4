"A person's first hour with the openstack client, unmodified: each command as it is typed."

import json
import os
import subprocess
import uuid

import pytest

from devstack import images, seed


class Client:
    "The `openstack` program as the demo user."

    def __init__(self, paths):
        self.program = str(paths.venv / "bin/openstack")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
        self.environ = {
            **inherited,
            "OS_CLOUD": "devstack",
            "OS_CLIENT_CONFIG_FILE": str(paths.etc / "clouds.yaml"),
        }

    def run(self, *words, timeout_s=400):
        "Run it; the finished process."
        return subprocess.run(
            [self.program, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def json(self, *words):
        "Its answer with -f json."
        done = self.run(*words, "-f", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def text(self, *words):
        "Its answer as printed."
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, *words):
        "What it says when it fails."
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture(scope="module")
def openstack(cloud):
    return Client(cloud.paths)


def test_the_first_hour(cloud, openstack):
    mark = uuid.uuid4().hex[:8]
    assert openstack.json("token", "issue")["id"]
    catalog = {row["Type"] for row in openstack.json("catalog", "list")}
    assert {"identity", "image", "network", "compute", "object-store", "placement"} <= catalog
    source = images.path_of(cloud.paths, "tiny")
    image = openstack.json(
        *("image", "create", "--disk-format", "qcow2", "--container-format", "bare"),
        *("--file", str(source), f"first-{mark}"),
    )
    try:
        assert image["status"] == "active" and image["size"] == source.stat().st_size
        network = openstack.json("network", "create", f"first-{mark}")
        openstack.json(
            *("subnet", "create", "--network", network["id"]),
            *("--subnet-range", "192.168.77.0/24", f"first-{mark}"),
        )
        server = openstack.json(
            *("server", "create", "--image", image["id"], "--flavor", "t1.nano"),
            *("--network", network["id"], "--key-name", seed.KEY, "--wait", f"first-{mark}"),
        )
        assert server["status"] == "ACTIVE"
        listed = openstack.json("server", "list")
        assert {"first", f"first-{mark}"} <= {row["Name"] for row in listed}
        assert openstack.run("console", "log", "show", server["id"]).returncode == 0
        openstack.text("server", "delete", "--wait", server["id"])
        assert server["id"] not in {row["ID"] for row in openstack.json("server", "list")}
        openstack.text("network", "delete", network["id"])
    finally:
        openstack.text("image", "delete", image["id"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("server", "show", "nosuch"), "nosuch"),
        (("server", "create", "--image", "nosuch", "--flavor", "t1.nano", "x"), "nosuch"),
        (("server", "create", "--image", "alto-tiny", "--flavor", "nosuch", "x"), "nosuch"),
        (("image", "show", "nosuch"), "nosuch"),
        (("network", "delete", "nosuch"), "nosuch"),
        (("network", "delete", "public"), "Policy doesn't allow"),
        (("flavor", "create", "--ram", "1", "--disk", "1", "--vcpus", "1", "x"), "Policy"),
        (("user", "create", "--password", "x", "x"), "Policy doesn't allow"),
        (
            ("subnet", "create", "--network", "demo", "--subnet-range", "10.0.0.0/24", "x"),
            "overlaps",
        ),
        (("server", "resize", "--flavor", "t1.nano", "first"), "flavor"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_refusals_are_sentences_a_person_can_use(openstack, words, sentence):
    said = openstack.refusal(*words)
    assert sentence.lower() in said.lower()
    assert "Traceback" not in said and "Server Error" not in said
