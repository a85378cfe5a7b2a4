"An OpenLDAP server of a test's own: people and groups of a small company, on a port of loopback."

import contextlib
import shutil
import socket
import subprocess
import time

import ldap3

SUFFIX = "dc=example,dc=org"
PEOPLE, TEAMS = f"ou=people,{SUFFIX}", f"ou=teams,{SUFFIX}"
ADMIN, SECRET = f"cn=service,{SUFFIX}", "servicepw"
_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
sizelimit unlimited
database mdb
maxsize 16777216
suffix "{suffix}"
rootdn "{admin}"
rootpw {secret}
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Slapd:
    "Started on entering, ended on leaving."

    def __init__(self, folder):
        self.folder, self.process = folder, None
        self.port = _free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"

    def __enter__(self):
        (self.folder / "data").mkdir()
        conf = self.folder / "slapd.conf"
        conf.write_text(_CONF.format(folder=self.folder, suffix=SUFFIX, admin=ADMIN, secret=SECRET))
        self.start()
        for dn, kinds, more in (
            (SUFFIX, ["dcObject", "organization"], {"o": "example", "dc": "example"}),
            (PEOPLE, ["organizationalUnit"], {"ou": "people"}),
            (TEAMS, ["organizationalUnit"], {"ou": "teams"}),
        ):
            self.add(dn, kinds, more)
        return self

    def start(self):
        program = shutil.which("slapd", path="/usr/sbin:/usr/bin")
        assert program, "Debian's package slapd is missing (devstack/test installs it)"
        command = [program, "-f", str(self.folder / "slapd.conf"), "-h", self.url, "-d", "stats"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def __exit__(self, *_):
        self.stop()

    @contextlib.contextmanager
    def _connected(self):
        server = ldap3.Server("127.0.0.1", port=self.port, get_info=ldap3.NONE)
        with ldap3.Connection(server, ADMIN, SECRET, auto_bind=True) as connection:
            yield connection
            assert connection.result["result"] == 0, connection.result

    def add(self, dn, kinds, values):
        with self._connected() as connection:
            connection.add(dn, kinds, values)

    def person(self, uid, name, password, **more):
        values = {"cn": name, "sn": name, "userPassword": password, **more}
        self.add(f"uid={uid},{PEOPLE}", ["inetOrgPerson"], values)

    def team(self, name, *uids, **more):
        members = [f"uid={uid},{PEOPLE}" for uid in uids]
        self.add(f"cn={name},{TEAMS}", ["groupOfNames"], {"ou": name, "member": members, **more})

    def change(self, dn, **values):
        with self._connected() as connection:
            changes = {k: [(ldap3.MODIFY_REPLACE, v)] for k, v in values.items()}
            connection.modify(dn, changes)

    def remove(self, dn):
        with self._connected() as connection:
            connection.delete(dn)

    def config(self, **more):
        "The configuration of a domain that is kept here."
        ldap = {
            "url": self.url,
            "user": ADMIN,
            "password": SECRET,
            "suffix": SUFFIX,
            "user_tree_dn": PEOPLE,
            "user_id_attribute": "uid",
            "user_name_attribute": "uid",
            "user_enabled_attribute": "employeeType",
            "group_tree_dn": TEAMS,
            **more,
        }
        return {"config": {"identity": {"driver": "ldap"}, "ldap": ldap}}
