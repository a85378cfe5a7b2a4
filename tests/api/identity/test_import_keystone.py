"""A Keystone moves in: from its database, from dumps of the forms that the programs write; its
users log in with the passwords they had and find their roles, and nothing is half done."""

import json
import sqlite3

import pytest
from cryptography.fernet import Fernet

from common import db
from identity import __main__ as command_line
from identity import config as identity_config
from identity.app import make_deps
from identity.core import keystone_import
from identity.errors import Duplicate
from tests.api.identity.conftest import FAST, Cloud
from tests.support import database_url

ROOT = "<<keystone.domain.root>>"
# The columns of Keystone's tables, as its migrations name them.
SCHEMA = {
    "project": "id name extra description enabled domain_id parent_id is_domain",
    "project_option": "project_id option_id option_value",
    "project_tag": "project_id name",
    "user": "id extra enabled default_project_id created_at last_active_at domain_id",
    "local_user": "id user_id domain_id name failed_auth_count failed_auth_at",
    "nonlocal_user": "domain_id name user_id",
    "password": "id local_user_id expires_at self_service password_hash created_at_int "
    "expires_at_int created_at",
    "user_option": "user_id option_id option_value",
    "group": "id domain_id name description extra",
    "user_group_membership": "user_id group_id",
    "role": "id name extra domain_id description",
    "role_option": "role_id option_id option_value",
    "implied_role": "prior_role_id implied_role_id",
    "assignment": "type actor_id target_id role_id inherited",
    "system_assignment": "type actor_id target_id role_id inherited",
    "region": "id description parent_region_id extra",
    "service": "id type enabled extra",
    "endpoint": "id legacy_endpoint_id interface service_id url extra enabled region_id",
    "endpoint_group": "id name description filters",
    "project_endpoint": "endpoint_id project_id",
    "project_endpoint_group": "endpoint_group_id project_id",
    "policy": "id type blob extra",
    "policy_association": "id policy_id endpoint_id service_id region_id",
    "credential": "id user_id project_id type extra key_hash encrypted_blob",
    "application_credential": "internal_id id name secret_hash description user_id project_id "
    "expires_at system unrestricted",
    "application_credential_role": "application_credential_id role_id",
    "id_mapping": "public_id domain_id local_id entity_type",
    "whitelisted_config": "domain_id group option value",
    "sensitive_config": "domain_id group option value",
}
# What bcrypt, scrypt and PBKDF2 make of "bcrypt-pw", "scrypt-pw" and "pbkdf2-pw".
USERS = ("bcrypt", "scrypt", "pbkdf2")
MADE_US = 1_700_000_000_000_000
NOTE = "it's a \\ \"note\"; (1, 'x'),\nof two lines\tand a tab"


def _hashes():
    import base64
    import hashlib

    import bcrypt

    def plain(data):
        return base64.b64encode(data).decode().rstrip("=").replace("+", ".")

    salt = b"0123456789abcdef"
    scrypt = hashlib.scrypt(b"scrypt-pw", salt=salt, n=16, r=8, p=1, dklen=32)
    pbkdf2 = hashlib.pbkdf2_hmac("sha512", b"pbkdf2-pw", salt, 10)
    return {
        "bcrypt": bcrypt.hashpw(b"bcrypt-pw", bcrypt.gensalt(4)).decode(),
        # passlib writes scrypt's parts in standard base64
        "scrypt": "$scrypt$ln=4,r=8,p=1$"
        + "$".join(base64.b64encode(b).decode().rstrip("=") for b in (salt, scrypt)),
        "pbkdf2": f"$pbkdf2-sha512$10${plain(salt)}${plain(pbkdf2)}",
    }


@pytest.fixture
def keys(tmp_path):
    "Keystone's keys for credentials: staged (0) and two that encrypted something."
    folder = tmp_path / "credential-keys-of-keystone"
    folder.mkdir()
    for name in ("0", "1", "2"):
        (folder / name).write_bytes(Fernet.generate_key())
    return folder


@pytest.fixture
def keystone(tmp_path, keys):
    "The SQLite database of a small Keystone."
    source = sqlite3.connect(tmp_path / "keystone.sqlite")
    for table, columns in SCHEMA.items():
        names = ", ".join(f'"{name}"' for name in columns.split())
        source.execute(f'CREATE TABLE "{table}" ({names}, CONSTRAINT c CHECK (1 IN (0, 1)))')

    def put(table, *rows):
        marks = ", ".join("?" * len(SCHEMA[table].split()))
        source.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)

    put(
        "project",
        ("child", "child", "{}", "", 1, "default", "parent", 0),
        (ROOT, ROOT, "{}", "", 0, ROOT, None, 1),
        ("default", "Default", "{}", "The default domain", 1, ROOT, None, 1),
        ("parent", "parent", '{"colour": "blue"}', NOTE, 1, "default", "default", 0),
        ("off", "off", "{}", None, 0, "default", "default", 0),
    )
    put("project_option", ("parent", "IMMU", "true"))
    put("project_tag", ("child", "green"))
    for number, name in enumerate(USERS, 1):
        created = "2024-01-01 00:00:00"
        put("user", (name, '{"email": "a@b"}', 1, "child", created, None, "default"))
        put("local_user", (number, name, "default", name, 0, None))
        hashed = _hashes()[name]
        put("password", (number, number, None, 1, hashed, MADE_US, None, created))
    put("user", ("ldap", "{}", 1, None, None, None, "default"))
    put("nonlocal_user", ("default", "from-ldap", "ldap"))
    put(
        "id_mapping",
        ("ldap", "default", "uid-1", "user"),
        ("unseen", "default", "uid-2", "user"),
        ("ldap-team", "default", "team", "group"),
    )
    put(
        "whitelisted_config",
        ("default", "identity", "driver", '"ldap"'),
        ("default", "ldap", "url", '"ldap://127.0.0.1:1"'),
        ("default", "ldap", "user_allow_create", "false"),
    )
    put("sensitive_config", ("default", "ldap", "password", '"secret"'))
    put("user_option", ("bcrypt", "1002", "true"))
    put("group", ("staff", "default", "staff", "All of us", "{}"))
    put("user_group_membership", ("scrypt", "staff"))
    put(
        "role",
        ("r-admin", "admin", "{}", "<<null>>", None),
        ("r-member", "member", "{}", "<<null>>", None),
        ("r-reader", "reader", "{}", "<<null>>", None),
    )
    put("role_option", ("r-admin", "IMMU", "true"))
    put("implied_role", ("r-admin", "r-member"), ("r-member", "r-reader"))
    put(
        "assignment",
        ("UserProject", "bcrypt", "child", "r-admin", 0),
        ("GroupProject", "staff", "parent", "r-member", 1),
        ("UserDomain", "pbkdf2", "default", "r-reader", 0),
        ("GroupProject", "ldap-team", "parent", "r-member", 0),
        ("UserProject", "gone", "child", "r-admin", 0),
    )
    put("system_assignment", ("UserSystem", "bcrypt", "system", "r-admin", 0))
    put("region", ("inner", "", "outer", "{}"), ("outer", "", None, "{}"))
    put("service", ("svc", "identity", 1, '{"name": "keystone"}'))
    put("endpoint", ("end", None, "public", "svc", "http://old/v3", "{}", 1, "inner"))
    put("endpoint_group", ("eg", "all", None, '{"service_id": "svc"}'))
    put("project_endpoint", ("end", "child"))
    put("project_endpoint_group", ("eg", "parent"))
    put("policy", ("pol", "text", '"{}"', "{}"))
    put("policy_association", ("pa", "pol", None, "svc", "outer"))
    blob = json.dumps({"access": "a", "secret": "s"})
    sealed = Fernet((keys / "1").read_bytes()).encrypt(blob.encode()).decode()
    put("credential", ("c1", "bcrypt", "child", "ec2", "{}", "unused", sealed))
    put(
        "application_credential",
        (7, "ac", "robot", _hashes()["bcrypt"], None, "bcrypt", "child", None, None, 0),
    )
    put("application_credential_role", (7, "r-member"))
    source.commit()
    yield source
    source.close()


@pytest.fixture
def empty(tmp_path):
    "The parts of an identity whose database has tables and nothing else."
    config = identity_config.load(
        **{
            "state_dir": str(tmp_path),
            "bus.url": "memory://",
            "database.url": database_url(tmp_path, "identity"),
            **FAST,
        }
    )
    db.upgrade("identity", config.database.url)
    deps = make_deps(config)
    yield deps
    deps.db.dispose()


def _sqlite_dump(source):
    return "".join(f"{line}\n" for line in source.iterdump())


def _mysql(value):
    if isinstance(value, str):
        for sign, escaped in (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n")):
            value = value.replace(sign, escaped)
        return f"'{value}'"
    return "NULL" if value is None else str(value)


def _mysql_dump(source):
    "As mysqldump writes it: names in backticks, all rows of a table in one statement."
    parts = ["-- MariaDB dump 10.19\n"]
    for table, columns in SCHEMA.items():
        lines = "".join(f"  `{name}` varchar(64) DEFAULT 'a,b)',\n" for name in columns.split())
        parts.append(
            f"CREATE TABLE `{table}` (\n{lines}  PRIMARY KEY (`x`,`y`)\n) ENGINE=InnoDB;\n"
        )
        rows = source.execute(f'SELECT * FROM "{table}"').fetchall()
        if rows:
            values = ",".join(f"({','.join(map(_mysql, row))})" for row in rows)
            parts.append(f"INSERT INTO `{table}` VALUES {values};\n")
    return "".join(parts)


def _postgresql(value):
    if value is None:
        return "\\N"
    for sign, escaped in (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t")):
        value = str(value).replace(sign, escaped)
    return value


def _postgresql_dump(source):
    "As pg_dump writes it: COPY, booleans as t and f."
    flags = {"enabled", "is_domain", "inherited", "self_service", "unrestricted"}
    parts = []
    for table, columns in SCHEMA.items():
        names = columns.split()
        shown = ", ".join(f'"{name}"' if name == "type" else name for name in names)
        parts.append(f'COPY public."{table}" ({shown}) FROM stdin;\n')
        for row in source.execute(f'SELECT * FROM "{table}"'):
            values = [
                ("t" if value else "f") if name in flags else value
                for name, value in zip(names, row, strict=True)
            ]
            parts.append("\t".join(map(_postgresql, values)) + "\n")
        parts.append("\\.\n\n")
    return "".join(parts)


DUMPS = {"sqlite": _sqlite_dump, "mysql": _mysql_dump, "postgresql": _postgresql_dump}


@pytest.fixture(params=["database", *DUMPS])
def source(request, keystone, tmp_path):
    "The same Keystone as a database and as a dump of each form."
    if request.param == "database":
        return f"sqlite:///{tmp_path}/keystone.sqlite"
    path = tmp_path / "dump.sql"
    path.write_text(DUMPS[request.param](keystone))
    return str(path)


def test_users_log_in_as_before_and_find_what_was_theirs(source, empty, keys):
    report = keystone_import.run(empty, source, keys)
    assert report.warnings == ["options of domains left behind: ldap.user_allow_create"]
    cloud = Cloud(empty)
    for name in USERS:
        assert cloud.auth(name, f"{name}-pw").status_code == 201, name
        assert cloud.auth(name, "wrong").status_code == 401
    admin = cloud.log_in("bcrypt", "bcrypt-pw", project="child")
    assert [role["name"] for role in admin.body["roles"]] == ["admin", "member", "reader"]
    assert admin.body["user"]["id"] == "bcrypt"
    assert admin.body["catalog"][0]["endpoints"][0]["url"] == "http://old/v3"
    # the group's inherited role holds below its project, and not on it
    inherited = cloud.log_in("scrypt", "scrypt-pw", project="child")
    assert {role["name"] for role in inherited.body["roles"]} == {"member", "reader"}
    scope = {"project": {"id": "parent"}}
    assert cloud.auth("scrypt", "scrypt-pw", scope).status_code == 401
    domain = cloud.log_in("pbkdf2", "pbkdf2-pw", scope={"domain": {"id": "default"}})
    assert [role["name"] for role in domain.body["roles"]] == ["reader"]
    assert cloud.auth("bcrypt", "bcrypt-pw", {"system": {"all": True}}).status_code == 201

    given = admin.ok("GET", "/v3/OS-EP-FILTER/projects/child/endpoints")["endpoints"]
    assert [endpoint["id"] for endpoint in given] == ["end"]
    given = admin.ok("GET", "/v3/OS-EP-FILTER/projects/parent/endpoint_groups")["endpoint_groups"]
    assert [group["filters"] for group in given] == [{"service_id": "svc"}]
    policy = admin.ok("GET", "/v3/endpoints/end/OS-ENDPOINT-POLICY/policy")["policy"]
    assert (policy["id"], policy["blob"]) == ("pol", "{}")
    parent = admin.ok("GET", "/v3/projects/parent")["project"]
    assert (parent["description"], parent["colour"]) == (NOTE, "blue")
    assert parent["options"] == {"immutable": True}
    child = admin.ok("GET", "/v3/projects/child")["project"]
    assert (child["parent_id"], child["tags"]) == ("parent", ["green"])
    assert admin.ok("GET", "/v3/projects/off")["project"]["enabled"] is False
    user = admin.ok("GET", "/v3/users/bcrypt")["user"]
    assert (user["email"], user["default_project_id"]) == ("a@b", "child")
    assert user["options"] == {"ignore_lockout_failure_attempts": True}
    credential = admin.ok("GET", "/v3/credentials/c1")["credential"]
    assert json.loads(credential["blob"]) == {"access": "a", "secret": "s"}
    (team,) = admin.ok("GET", "/v3/role_assignments?group.id=ldap-team")["role_assignments"]
    assert (team["scope"], team["role"]["id"]) == ({"project": {"id": "parent"}}, "r-member")
    names = {i: admin.ok("GET", f"/v3/users/{i}")["user"]["name"] for i in ("ldap", "unseen")}
    assert names == {"ldap": "from-ldap", "unseen": "uid-2"}
    config = admin.ok("GET", "/v3/domains/default/config")["config"]
    assert config == {"identity": {"driver": "ldap"}, "ldap": {"url": "ldap://127.0.0.1:1"}}
    assert cloud.auth("from-ldap", "x").status_code == 503, "asked where Keystone asked"
    robot = {"id": "ac", "secret": "bcrypt-pw"}
    identity = {"methods": ["application_credential"], "application_credential": robot}
    answer = cloud.anyone.post("/v3/auth/tokens", json={"auth": {"identity": identity}})
    assert answer.status_code == 201
    assert {role["name"] for role in answer.json["token"]["roles"]} == {"member", "reader"}


def test_again_adds_only_what_is_new(keystone, empty, keys, tmp_path):
    url = f"sqlite:///{tmp_path}/keystone.sqlite"
    assert keystone_import.run(empty, url, keys)["users"] == 5
    row = ("late", "late", "{}", "", 1, "default", "default", 0)
    keystone.execute("INSERT INTO project VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    keystone.commit()
    report = keystone_import.run(empty, url, keys)
    assert {noun: count for noun, count in report.items() if count} == {"projects": 1}


def test_a_name_that_is_taken_stops_it_all(make_cloud, keystone, keys, tmp_path):
    cloud = make_cloud()  # its role admin has another id
    with pytest.raises(Duplicate, match="admin is here with id"):
        keystone_import.run(cloud.deps, f"sqlite:///{tmp_path}/keystone.sqlite", keys)
    assert cloud.admin.get("/v3/users/bcrypt").status_code == 404


def test_what_stays_behind_is_told(keystone, empty, tmp_path):
    keystone.execute("UPDATE password SET password_hash = '$6$rounds=1$x$y' WHERE id = 2")
    keystone.commit()
    report = keystone_import.run(empty, f"sqlite:///{tmp_path}/keystone.sqlite")
    assert [warning.split(":")[0] for warning in report.warnings] == [
        "1 users need a new password, their hash is of an unknown form",
        "1 credentials left behind",
        "options of domains left behind",
    ]
    assert Cloud(empty).auth("scrypt", "scrypt-pw").status_code == 401


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no Keystone database"),
        ("INSERT INTO `user` VALUES ('a','b'", "ends in the middle"),
        ("CREATE TABLE user (id, name);\nINSERT INTO user VALUES ('a');\n", "does not fit"),
        ("COPY public.role (id) FROM stdin;\na\n", "ends in the middle"),
    ],
)
def test_a_file_that_is_no_dump(text, told, empty, tmp_path, monkeypatch, capsys):
    (tmp_path / "dump.sql").write_text(text)
    monkeypatch.setattr(command_line.cli.config_module, "load", lambda: empty.config)
    with pytest.raises(SystemExit) as ended:
        command_line.cli.main(["import-keystone", str(tmp_path / "dump.sql")])
    assert ended.value.code == 1
    assert told in capsys.readouterr().err
