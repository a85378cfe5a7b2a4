"""python-swiftclient's `swift` program, unmodified, against a real HTTP server."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from common import db
from objectstore import app as application
from objectstore import config
from tests.support import authenticator, token

SWIFT = shutil.which("swift", path=str(Path(sys.executable).parent)) or shutil.which("swift")


@pytest.fixture
def swift(tmp_path):
    conf = config.load(
        **{
            "state_dir": str(tmp_path / "state"),
            "database.url": f"sqlite:///{tmp_path}/objectstore.sqlite",
        }
    )
    db.upgrade("objectstore", conf.database.url)
    app = application.create_app(conf, authenticator("object-store"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/v1/AUTH_p1"

    def run(*arguments, cwd=None):
        who = ["--os-storage-url", url, "--os-auth-token", token(project_id="p1")]
        done = subprocess.run(
            [SWIFT, *who, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run
    server.shutdown()
    thread.join()
    app.extensions["deps"].engine.close()
    app.extensions["deps"].db.dispose()


def test_a_directory_goes_up_and_comes_back(swift, tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_bytes(b"one")
    (folder / "sub" / "zwei é").write_bytes(b"two" * 100)
    swift("upload", "box", ".", cwd=folder)
    assert swift("list", "box").splitlines() == ["one.txt", "sub/zwei é"]
    back = tmp_path / "back"
    back.mkdir()
    swift("download", "box", "-D", str(back))
    assert (back / "sub" / "zwei é").read_bytes() == b"two" * 100
    assert "Objects: 2" in swift("stat", "box")
    swift("post", "box", "--meta", "colour:blue", "--read-acl", ".r:*")
    shown = swift("stat", "box")
    assert "Meta Colour: blue" in shown and "Read ACL: .r:*" in shown
    swift("delete", "box")
    assert swift("list") == ""


@pytest.mark.parametrize("how", ["--use-slo", "--dynamic"])
def test_segments(swift, tmp_path, how):
    file = tmp_path / "big"
    data = bytes(range(256)) * 4000
    file.write_bytes(data)
    kind = [how] if how == "--use-slo" else []
    swift("upload", "box", "big", "--segment-size", "300000", *kind, cwd=tmp_path)
    swift("download", "box", "big", "-o", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == data
    assert len(swift("list", "box_segments").splitlines()) == 4
    swift("copy", "box", "big", "--destination", "/box/copy")
    swift("delete", "box", "big")
    assert swift("list", "box_segments") == ""


def test_capabilities(swift):
    shown = swift("capabilities")
    assert "Additional middleware: slo" in shown and "Additional middleware: tempurl" in shown
