"""The HTTP layer: what every service gets from it."""

import pytest

from common import schema
from common.config import load
from common.http import Api, Reply, VersionRange, make_app
from common.policy import Enforcer, rule
from tests.support import authenticator, client

api = Api()


@api.get("/things/<thing_id>", policy="things:show")
def show(ctx, thing_id, version):
    return {"id": thing_id, "user": ctx.user_id, "version": str(version)}


@api.post(
    "/things",
    policy="things:show",
    status=201,
    body=schema.obj(
        "name", name={"type": "string", "maxLength": 3}, password={"type": "string", "maxLength": 5}
    ),
)
def create(body):
    return body


@api.get("/forgotten", policy=None)
def forgotten():
    return {"secret": 1}


@api.get("/target/<owner>", policy=None)
def target(ctx, owner):
    ctx.enforce("things:own", {"project_id": owner})
    return Reply(None, 202, {"Location": "x"})


@api.get("/versioned", policy="things:show", since="2.5")
def newer():
    return {"since": "2.5"}


@api.get("/versioned", policy="things:show", until="2.4")
def older():
    return {"until": "2.4"}


@api.get("/boom", open=True)
def boom():
    raise ZeroDivisionError("secret detail")


RULES = [
    rule("things:show", "role:member", "See.", ("GET", "/things")),
    rule("things:own", "project_id:%(project_id)s", "Own.", ("GET", "/target")),
]


def build(tmp_path, dialect="nova", **overrides):
    config = load("compute", {}, {"state_dir": str(tmp_path), **overrides})
    return make_app(
        "compute",
        [api],
        dialect=dialect,
        deps=None,
        config=config,
        enforcer=Enforcer(RULES),
        authenticate=authenticator("compute"),
        versions=VersionRange("compute", "2.1", "2.100", "X-OpenStack-Nova-API-Version"),
    )


@pytest.fixture
def app(tmp_path):
    return build(tmp_path)


def test_answers_in_the_version_asked_for(app):
    answer = client(app).get("/things/7", headers={"OpenStack-API-Version": "compute 2.26"})
    assert answer.get_json() == {"id": "7", "user": "user-1", "version": "2.26"}
    assert answer.headers["OpenStack-API-Version"] == "compute 2.26"
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.26"
    assert client(app).get("/versioned").get_json() == {"until": "2.4"}
    latest = client(app).get("/versioned", headers={"X-OpenStack-Nova-API-Version": "latest"})
    assert latest.get_json() == {"since": "2.5"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("compute 2.101", 406), ("compute 1.9", 406), ("compute x", 400), ("compute 2", 400)],
)
def test_refuses_versions_it_does_not_speak(app, text, code):
    assert client(app).get("/things/7", headers={"OpenStack-API-Version": text}).status_code == code


def test_needs_a_token_and_a_role(app):
    assert client(app, roles=()).get("/things/1").status_code == 401
    assert client(app, roles=["reader"]).get("/things/1").status_code == 403
    assert client(app).get("/things/1", headers={"X-Auth-Token": "junk"}).status_code == 401


def test_a_target_is_matched(app):
    assert client(app).get("/target/project-1").status_code == 202
    assert client(app).get("/target/other").status_code == 403


def test_a_handler_that_forgot_policy_returns_nothing(app):
    answer = client(app).get("/forgotten")
    assert answer.status_code == 500 and "secret" not in answer.get_data(as_text=True)


def test_a_fault_shows_no_detail(app):
    answer = client(app).get("/boom")
    assert answer.status_code == 500 and "secret detail" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": 1}',
        b'{"name": "abcd"}',
        b'{"nam": "a"}',
        b'{"name": "a", "x": 1}',
        b'{"name": NaN}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
)
def test_junk_is_a_400_in_the_services_shape(app, body):
    answer = client(app).post("/things", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["badRequest"]["message"]


def test_an_error_names_the_field_but_no_secret(app):
    wrong = client(app).post("/things", json={"name": "abcd"}).get_json()["badRequest"]["message"]
    assert "name" in wrong and "abcd" in wrong
    hidden = (
        client(app)
        .post("/things", json={"name": "a", "password": "hunter2"})
        .get_json()["badRequest"]["message"]
    )
    assert "password" in hidden and "hunter2" not in hidden


def test_a_body_over_the_limit_is_refused(tmp_path):
    app = build(tmp_path, **{"api.max_body_kib": 1})
    assert client(app).post("/things", data=b'{"name": "' + b"a" * 2000 + b'"}').status_code == 413


def test_unknown_paths_and_methods(app):
    assert client(app).get("/nothing").get_json()["itemNotFound"]["code"] == 404
    answer = client(app).delete("/things")
    assert answer.status_code == 405 and answer.headers["Allow"] == "POST"


def test_paths_with_nul_or_broken_utf8_are_refused(app):
    assert client(app).get("/things/a%00b").status_code == 400
    assert client(app).get("/things/a?x=%00").status_code == 400
    assert (
        client(app)
        .get("/things/x", environ_overrides={"PATH_INFO": "/things/\xff\xfe"})
        .status_code
        == 400
    )


def test_health_metrics_and_request_ids(app):
    anonymous = client(app, roles=())
    client(app).get("/things/1")
    assert anonymous.get("/healthcheck").data == b"OK"
    assert b"altostratus_http_request_seconds" in anonymous.get("/metrics").data
    answer = client(app).get(
        "/things/1", headers={"X-OpenStack-Request-ID": "req-00000000-0000-0000-0000-000000000001"}
    )
    assert answer.headers["X-Openstack-Request-Id"].startswith("req-") == answer.headers[
        "X-Compute-Request-Id"
    ].startswith("req-")


def test_browsers_may_call_only_from_listed_origins(tmp_path):
    app = build(tmp_path, **{"api.cors_origins": ["http://dash"]})
    asked = {
        "Origin": "http://dash",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-auth-token",
    }
    preflight = client(app, roles=()).request("OPTIONS", "/things", headers=asked)
    assert (
        preflight.status_code == 200
        and preflight.headers["Access-Control-Allow-Headers"] == "x-auth-token"
    )
    assert (
        client(app)
        .get("/things/1", headers={"Origin": "http://dash"})
        .headers["Access-Control-Allow-Origin"]
        == "http://dash"
    )
    assert (
        "Access-Control-Allow-Origin"
        not in client(app).get("/things/1", headers={"Origin": "http://evil"}).headers
    )


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("keystone", ("error", "code")),
        ("nova", ("itemNotFound", "code")),
        ("glance", ("title",)),
        ("neutron", ("NeutronError", "type")),
        ("placement", ("errors",)),
    ],
)
def test_each_dialect_has_its_shape(tmp_path, dialect, path):
    value = client(build(tmp_path, dialect)).get("/nothing").get_json()
    for key in path:
        value = value[key]
    assert value
