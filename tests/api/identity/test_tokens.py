"Logging in, what a token says, and when it stops to be good."

import time

from common.auth import Authenticator, Freshness
from common.tokens import Verifier
from identity.core.tokens import Verified
from tests.support import Client


def test_a_login_gives_a_token_with_catalog_roles_and_project(cloud):
    token = cloud.log_in("demo", "demopw", project="demo").body
    assert token["project"]["name"] == "demo"
    assert [r["name"] for r in token["roles"]] == ["member", "reader"]
    urls = {
        e["url"] for s in token["catalog"] for e in s["endpoints"] if s["type"] == "object-store"
    }
    assert urls == {f"http://localhost:8080/v1/AUTH_{token['project']['id']}"}
    assert token["methods"] == ["password"] and len(token["audit_ids"]) == 1


def test_scopes(cloud):
    system = cloud.log_in("admin", "adminpw", scope={"system": {"all": True}}).body
    domain = cloud.log_in("admin", "adminpw", scope={"domain": {"id": "default"}}).body
    unscoped = cloud.log_in("admin", "adminpw", scope="unscoped").body
    assert system["system"] == {"all": True} and "project" not in system
    assert domain["domain"]["name"] == "Default"
    assert "roles" not in unscoped and "catalog" not in unscoped


def test_what_is_wrong_gets_the_same_401(cloud):
    wrong = [
        cloud.auth("demo", "nonsense"),
        cloud.auth("nobody", "nonsense"),
        cloud.auth("demo", "demopw", {"project": {"name": "admin", "domain": {"id": "default"}}}),
        cloud.auth("demo", "demopw", {"project": {"id": "0" * 32}}),
        cloud.auth("demo", "demopw", domain="Nowhere"),
    ]
    assert {r.status_code for r in wrong} == {401}
    assert len({r.text for r in wrong}) == 1
    assert wrong[0].json["error"]["title"] == "Unauthorized"


def test_bad_bodies_get_a_400_that_names_the_field(cloud):
    for body, field in [
        ({}, "auth"),
        ({"auth": {"identity": {"methods": "password"}}}, "methods"),
        ({"auth": {"identity": {"methods": ["password"]}}}, "password"),
        (
            {
                "auth": {
                    "identity": {
                        "methods": ["password"],
                        "password": {"user": {"name": 1, "password": "x"}},
                    }
                }
            },
            "name",
        ),
    ]:
        answer = cloud.anyone.post("/v3/auth/tokens", json=body)
        assert answer.status_code == 400 and field in answer.json["error"]["message"], body


def test_a_token_becomes_one_of_another_scope_and_keeps_its_end(cloud):
    first = cloud.log_in("admin", "adminpw", scope="unscoped")
    body = {
        "auth": {
            "identity": {"methods": ["token"], "token": {"id": first.token}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
        }
    }
    second = cloud.using(cloud.anyone.post("/v3/auth/tokens", json=body))
    assert second.body["expires_at"] == first.body["expires_at"]
    assert second.body["audit_ids"][1] == first.body["audit_ids"][0]
    assert sorted(second.body["methods"]) == ["password", "token"]


def test_logging_in_with_a_token_that_is_not_good_is_404(cloud):
    user = cloud.log_in("demo", "demopw", project="demo")
    assert (
        user.delete("/v3/auth/tokens", headers={"X-Subject-Token": user.token}).status_code == 204
    )
    for token in (user.token, "no-token", user.token[:-4] + "AAAA"):
        body = {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}
        answer = cloud.anyone.post("/v3/auth/tokens", json=body)
        assert answer.status_code == 404, answer.json
        assert answer.json["error"]["code"] == 404


def test_validation_is_for_its_owner_services_and_admins(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    service = cloud.log_in("image", "imagepw", project="service")
    other = cloud.admin.token
    for who, subject, code in [
        (cloud.admin, demo.token, 200),
        (service, demo.token, 200),
        (demo, demo.token, 200),
        (demo, other, 403),
        (demo, "junk", 404),
        (cloud.admin, "junk", 404),
        (cloud.admin, demo.token[:-4] + "AAAA", 404),
    ]:
        assert who.get("/v3/auth/tokens", headers={"X-Subject-Token": subject}).status_code == code
    short = cloud.admin.ok(
        "GET", "/v3/auth/tokens?nocatalog", headers={"X-Subject-Token": demo.token}
    )
    assert "catalog" not in short["token"]
    assert cloud.admin.get("/v3/auth/tokens").status_code == 400


def test_a_revoked_token_is_refused(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    answer = demo.delete("/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert answer.status_code == 204
    assert demo.get("/v3/auth/projects").status_code == 401
    assert (
        cloud.admin.get("/v3/auth/tokens", headers={"X-Subject-Token": demo.token}).status_code
        == 404
    )


def test_an_expired_token_may_be_validated_with_allow_expired(make_cloud):
    cloud = make_cloud(**{"token.expiration_s": 1})
    demo = cloud.log_in("demo", "demopw", project="demo")
    time.sleep(1.1)
    admin = cloud.log_in("admin", "adminpw", project="admin")
    subject = {"X-Subject-Token": demo.token}
    assert demo.get("/v3/auth/projects").status_code == 401
    assert admin.get("/v3/auth/tokens", headers=subject).status_code == 404
    assert admin.get("/v3/auth/tokens?allow_expired=1", headers=subject).status_code == 200


def test_what_ends_tokens(cloud):
    user = cloud.user("eve")
    project = cloud.project("lair")
    group = cloud.admin.ok("POST", "/v3/groups", json={"group": {"name": "gang"}})["group"]
    member = cloud.id_of("roles", "member")
    place = f"/v3/projects/{project['id']}"

    def ends(setup, *cause, **options):
        setup()
        client = cloud.log_in("eve", "secret", project="lair")
        assert client.get("/v3/auth/projects").status_code == 200
        assert cloud.admin.request(*cause, **options).status_code < 300
        assert client.get("/v3/auth/projects").status_code == 401, cause

    def grant():
        cloud.grant(user["id"], "member", project["id"])

    def join():
        cloud.admin.put(f"/v3/groups/{group['id']}/users/{user['id']}")
        cloud.admin.put(f"{place}/groups/{group['id']}/roles/{member}")

    def enable():
        grant()
        cloud.admin.patch(place, json={"project": {"enabled": True}})

    ends(grant, "DELETE", f"{place}/users/{user['id']}/roles/{member}")
    ends(join, "DELETE", f"{place}/groups/{group['id']}/roles/{member}")
    ends(join, "DELETE", f"/v3/groups/{group['id']}/users/{user['id']}")
    ends(enable, "PATCH", place, json={"project": {"enabled": False}})
    ends(enable, "PATCH", f"/v3/users/{user['id']}", json={"user": {"password": "secret"}})
    ends(grant, "DELETE", f"/v3/users/{user['id']}")


def test_another_service_refuses_a_revoked_token_and_wrong_ones(cloud):
    "The verifier that every service has, fed with what identity serves."
    service = cloud.log_in("image", "imagepw", project="service")
    verifier = Verifier(lambda: cloud.anyone.ok("GET", "/v3/auth/keys"))
    fresh = Freshness(
        lambda since: service.ok("GET", f"/v3/auth/revocations?since={since}"), None, grace_s=60
    )
    check = Authenticator(verifier, fresh, "image")
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert check(demo.token).project_name == "demo"
    demo.delete("/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    time.sleep(0.6)  # the verifier asks at most every half second
    refused = False
    try:
        check(demo.token)
    except Exception as error:
        refused = error.code == 401
    assert refused


def test_keys_rotate_and_no_token_that_should_live_is_refused(cloud):
    tokens = []
    for _ in range(4):
        tokens.append(cloud.log_in("demo", "demopw", project="demo").token)
        cloud.deps.keys.rotate()
    verifier = Verifier(lambda: cloud.anyone.ok("GET", "/v3/auth/keys"))
    assert {verifier.verify(t).user_name for t in tokens} == {"demo"}
    assert len({t.split(".")[0] for t in tokens}) == 4
    for token in tokens:
        client = Client(cloud.app, headers={"X-Auth-Token": token}, roles=())
        assert client.get("/v3/auth/projects").status_code == 200
    late = time.time() + 10 * 86400
    cloud.deps.keys.rotate(now=late)
    assert len(cloud.deps.keys.public) < 6


def test_revocations_are_for_services(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert demo.get("/v3/auth/revocations").status_code == 403
    assert cloud.admin.get("/v3/auth/revocations?since=x").status_code == 400
    cloud.admin.delete("/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    found = cloud.admin.ok("GET", "/v3/auth/revocations?since=0")
    assert found["latest"] == found["revocations"][-1]["seq"]
    assert found["revocations"][-1]["key"].startswith("audit:")


def test_validating_costs_no_statement_when_warm(cloud):
    from sqlalchemy import event

    demo = cloud.log_in("demo", "demopw", project="demo")
    statements = []
    event.listen(cloud.deps.db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    subject = {"X-Subject-Token": demo.token}
    cloud.admin.ok("GET", "/v3/auth/tokens", headers={"X-Subject-Token": cloud.admin.token})
    cloud.deps.verified = Verified(10)
    cloud.deps.memory.refresh()
    statements.clear()
    cloud.admin.ok("GET", "/v3/auth/tokens", headers=subject)
    cold = len(statements)
    statements.clear()
    cloud.admin.ok("GET", "/v3/auth/tokens", headers=subject)
    assert cold <= 2 and statements == []


def test_a_login_that_is_remembered_costs_two_statements(cloud):
    from sqlalchemy import event

    cloud.log_in("demo", "demopw", project="demo")
    statements = []
    event.listen(cloud.deps.db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    cloud.log_in("demo", "demopw", project="demo")
    asked = [s for s in statements if not s.startswith("BEGIN")]
    assert len(asked) <= 2, asked
