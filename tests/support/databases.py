"""The database that API tests run on: SQLite, or with TEST_DATABASE=postgresql|mariadb a real
server.

The server is one that the test run starts for itself in a temporary folder, reached by a Unix
socket or a free port on loopback; each test gets a database of its own and the server ends with
the run.
"""

import atexit
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path


def database_url(folder, service):
    "The URL of a new, empty database. `folder` is where SQLite keeps it."
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind == "sqlite":
        return f"sqlite:///{folder}/{service}.sqlite"
    name = f"t{uuid.uuid4().hex[:16]}"
    return {"postgresql": _postgresql_database, "mariadb": _mariadb_database}[kind](name)


def _postgresql_database(name):
    socket = _postgresql()
    subprocess.run(
        ["psql", "-qh", socket, "-U", "postgres", "-c", f"CREATE DATABASE {name}"], check=True
    )
    return f"postgresql+psycopg://postgres@/{name}?host={socket}"


@functools.cache
def _postgresql():
    "A PostgreSQL server of this process; returns the folder of its socket."
    folder = Path(tempfile.mkdtemp(prefix="alto-pg-"))
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    as_postgres = {"user": "postgres", "cwd": folder, "stdout": subprocess.DEVNULL}
    subprocess.run(
        [binaries / "initdb", "-A", "trust", "-U", "postgres", data], check=True, **as_postgres
    )
    server = subprocess.Popen(
        [
            binaries / "postgres",
            "-D",
            data,
            "-k",
            folder,
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=400",
        ],
        stderr=subprocess.DEVNULL,
        **as_postgres,
    )
    _end_with_us(server, folder)
    _until(
        lambda: (
            subprocess.run(
                ["psql", "-qh", str(folder), "-U", "postgres", "-c", "SELECT 1"],
                capture_output=True,
            ).returncode
            == 0
        )
    )
    return str(folder)


def _mariadb_database(name):
    socket = _mariadb()
    subprocess.run(
        [
            "mariadb",
            f"--socket={socket}",
            "-u",
            "root",
            "-e",
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ],
        check=True,
    )
    return f"mysql+pymysql://root@/{name}?unix_socket={socket}"


@functools.cache
def _mariadb():
    "A MariaDB server of this process; returns its socket."
    folder = Path(tempfile.mkdtemp(prefix="alto-my-"))
    user = pwd.getpwnam("mysql")
    os.chown(folder, user.pw_uid, user.pw_gid)
    data, socket = folder / "data", folder / "sock"
    common = ["--no-defaults", f"--datadir={data}", "--user=mysql"]
    subprocess.run(
        ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [
            "mariadbd",
            *common,
            f"--socket={socket}",
            "--skip-networking",
            "--innodb-flush-log-at-trx-commit=0",
            "--max-connections=400",
            "--lower-case-table-names=0",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _end_with_us(server, folder)
    _until(
        lambda: (
            subprocess.run(
                ["mariadb", f"--socket={socket}", "-u", "root", "-e", "SELECT 1"],
                capture_output=True,
            ).returncode
            == 0
        )
    )
    return str(socket)


def _until(ready, seconds=60):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("the database server did not start")
        time.sleep(0.1)


def _end_with_us(server, folder):
    def end():
        server.send_signal(signal.SIGINT if "postgres" in str(server.args[0]) else signal.SIGTERM)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
