"An identity with a small cloud in it: admin, demo and a service user, on SQLite."

import contextlib
import functools

import pytest

from common import db
from common.bus import Events
from identity import config as identity_config
from identity.app import create_app, make_deps
from identity.core import bootstrap, oidc
from tests.fakes.openid import Provider
from tests.support import Client, database_url

FAST = {"password.argon2_memory_kib": 8, "password.argon2_time_cost": 1}
PLAN = {
    "roles": ["ResellerAdmin"],
    "projects": ["admin", "demo", "service"],
    "region": "RegionOne",
    "users": [
        {
            "name": "admin",
            "password": "adminpw",
            "roles": {"admin": ["admin"]},
            "domain_roles": ["admin"],
            "system_roles": ["admin"],
        },
        {"name": "demo", "password": "demopw", "roles": {"demo": ["member"]}},
        {"name": "image", "password": "imagepw", "roles": {"service": ["service"]}},
    ],
    "services": [
        {"type": "identity", "name": "keystone", "url": "http://localhost/v3"},
        {
            "type": "object-store",
            "name": "swift",
            "url": "http://localhost:8080/v1/AUTH_%(project_id)s",
        },
    ],
}


class Cloud:
    "The application, its parts, and ways to log in."

    def __init__(self, deps):
        self.deps = deps
        self.app = create_app(deps.config, deps)
        self.anyone = Client(self.app, roles=())

    @functools.cached_property
    def admin(self):
        return self.log_in("admin", "adminpw", project="admin")

    def auth(self, user, password, scope=None, domain="Default"):
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": user, "password": password, "domain": {"name": domain}}},
        }
        body = {"auth": {"identity": identity, **({"scope": scope} if scope else {})}}
        return self.anyone.post("/v3/auth/tokens", json=body)

    def log_in(self, user, password, project=None, scope=None):
        if project:
            scope = {"project": {"name": project, "domain": {"name": "Default"}}}
        answer = self.auth(user, password, scope)
        assert answer.status_code == 201, answer.text
        return self.using(answer)

    def using(self, answer):
        client = Client(
            self.app, headers={"X-Auth-Token": answer.headers["X-Subject-Token"]}, roles=()
        )
        client.token, client.body = answer.headers["X-Subject-Token"], answer.json["token"]
        return client

    def id_of(self, kind, name):
        return self.admin.ok("GET", f"/v3/{kind}?name={name}")[kind][0]["id"]

    def user(self, name, password="secret", **more):
        body = {"user": {"name": name, "password": password, **more}}
        return self.admin.ok("POST", "/v3/users", json=body)["user"]

    def project(self, name, **more):
        return self.admin.ok("POST", "/v3/projects", json={"project": {"name": name, **more}})[
            "project"
        ]

    def grant(self, user_id, role, project_id):
        path = f"/v3/projects/{project_id}/users/{user_id}/roles/{self.id_of('roles', role)}"
        assert self.admin.put(path).status_code == 204


@pytest.fixture
def make_cloud(tmp_path):
    made = []

    def make(**options):
        config = identity_config.load(
            **{
                "state_dir": str(tmp_path),
                "bus.url": "memory://",
                "database.url": database_url(tmp_path, "identity"),
                **FAST,
                **options,
            }
        )
        db.upgrade("identity", config.database.url)
        deps = make_deps(config, Events(config.bus.url) if options.pop("with_bus", False) else None)
        bootstrap.run(deps, PLAN)
        made.append(deps)
        return Cloud(deps)

    yield make
    for deps in made:
        deps.db.dispose()


@pytest.fixture
def cloud(make_cloud):
    return make_cloud()


@pytest.fixture
def provider(monkeypatch):
    "An identity provider; what it has anew is looked for at once."
    monkeypatch.setattr(oidc, "_AGAIN_S", 0)
    with contextlib.closing(Provider()) as provider:
        yield provider
