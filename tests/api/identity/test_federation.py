"""Federation: what is kept about identity providers, and logins with the bearer tokens of one that
is started here."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from identity.core import oidc
from tests.fakes.openid import Provider

FED = "/v3/OS-FEDERATION"
RULES = [
    {
        "local": [
            {"user": {"name": "{0}", "id": "{1}"}},
            {"groups": "{2}", "domain": {"id": "default"}},
        ],
        "remote": [
            {"type": "OIDC-preferred_username"},
            {"type": "HTTP_OIDC_SUB"},
            {"type": "OIDC-groups", "whitelist": ["staff", "gone"]},
        ],
    }
]


def trust(cloud, provider):
    "The provider is known to this cloud; its staff are members of demo."
    admin = cloud.admin
    body = {"identity_provider": {"enabled": True, "remote_ids": [provider.issuer]}}
    made = admin.ok("PUT", f"{FED}/identity_providers/corp", json=body)["identity_provider"]
    admin.ok("PUT", f"{FED}/mappings/m", json={"mapping": {"rules": RULES}})
    path = f"{FED}/identity_providers/corp/protocols/openid"
    admin.ok("PUT", path, json={"protocol": {"mapping_id": "m"}})
    group = admin.ok("POST", "/v3/groups", json={"group": {"name": "staff"}})["group"]
    demo, member = cloud.id_of("projects", "demo"), cloud.id_of("roles", "member")
    given = admin.put(f"/v3/projects/{demo}/groups/{group['id']}/roles/{member}")
    assert given.status_code == 204
    return {"domain_id": made["domain_id"], "group": group["id"], "demo": demo, "path": path}


@pytest.fixture
def trusted(cloud, provider):
    return trust(cloud, provider)


def login(cloud, trusted, bearer, method="post"):
    headers = {"Authorization": f"Bearer {bearer}"}
    return getattr(cloud.anyone, method)(f"{trusted['path']}/auth", headers=headers)


def scoped(cloud, answer, project_id):
    identity = {"methods": ["token"], "token": {"id": answer.headers["X-Subject-Token"]}}
    auth = {"identity": identity, "scope": {"project": {"id": project_id}}}
    return cloud.anyone.post("/v3/auth/tokens", json={"auth": auth})


def test_a_user_of_the_provider_works_in_a_project(cloud, provider, trusted):
    answer = login(cloud, trusted, provider.token())
    assert answer.status_code == 201, answer.data
    body = answer.json["token"]
    assert body["user"]["name"] == "ann" and body["methods"] == ["openid"]
    assert body["user"]["domain"]["id"] == trusted["domain_id"]
    said = body["user"]["OS-FEDERATION"]
    assert said["groups"] == [{"id": trusted["group"]}]
    assert said["identity_provider"] == {"id": "corp"} and "project" not in body
    unscoped = cloud.using(answer)
    listed = unscoped.ok("GET", f"{FED}/projects")["projects"]
    assert [project["name"] for project in listed] == ["demo"]
    token = scoped(cloud, answer, trusted["demo"])
    assert {role["name"] for role in token.json["token"]["roles"]} == {"member", "reader"}
    assert token.json["token"]["expires_at"] <= body["expires_at"]
    # the same person again is the same user, under the name of today
    again = login(cloud, trusted, provider.token(preferred_username="ann-marie"), "get")
    assert again.json["token"]["user"]["id"] == body["user"]["id"]
    user = cloud.admin.ok("GET", f"/v3/users/{body['user']['id']}")["user"]
    assert user["name"] == "ann-marie"
    assert user["federated"][0]["protocols"] == [{"protocol_id": "openid", "unique_id": "42"}]
    domain = cloud.admin.ok("GET", f"/v3/domains/{trusted['domain_id']}")["domain"]["name"]
    assert cloud.auth("ann-marie", "x", domain=domain).status_code == 401


def test_without_the_group_there_is_no_way_in(cloud, provider, trusted):
    answer = login(cloud, trusted, provider.token(groups=["lunch"]))
    assert (
        answer.status_code == 201 and answer.json["token"]["user"]["OS-FEDERATION"]["groups"] == []
    )
    assert scoped(cloud, answer, trusted["demo"]).status_code == 401


def test_tokens_that_are_not_good(cloud, provider, trusted):
    other = Provider()
    try:
        bad = {
            "of another": other.token(iss=provider.issuer),
            "of a stranger": other.token(),
            "over": provider.token(exp=time.time() - 60),
            "for another": provider.token(aud="another"),
            "for nobody": provider.token(aud=None),
            "endless": provider.token(exp=None),
            "nobody's": provider.token(sub=None),
            "unsigned": jwt.encode({"iss": provider.issuer, "sub": "42"}, None, "none"),
            "by a secret": jwt.encode({"iss": provider.issuer, "sub": "42"}, "x" * 32, "HS256"),
            "another algorithm": jwt.encode(
                {"iss": provider.issuer, "sub": "42"},
                ec.generate_private_key(ec.SECP256R1()),
                "ES256",
                {"kid": "one"},
            ),
            "junk": "a.b.c",
            "nothing": "",
            "without groups": provider.token(groups=None),
        }
        for what, token in bad.items():
            assert login(cloud, trusted, token).status_code == 401, what
        assert other.asked == 0
    finally:
        other.close()
    assert cloud.anyone.post(f"{trusted['path']}/auth").status_code == 401
    assert cloud.anyone.post(f"{trusted['path']}x/auth").status_code == 404


def test_a_new_key_of_the_provider_is_found(cloud, provider, trusted):
    assert login(cloud, trusted, provider.token()).status_code == 201
    asked = provider.asked
    assert login(cloud, trusted, provider.token()).status_code == 201
    assert provider.asked == asked
    provider.turn("two")
    assert login(cloud, trusted, provider.token()).status_code == 201


def test_a_provider_that_is_away(cloud, provider, trusted, monkeypatch):
    monkeypatch.setattr(oidc, "_KEPT_S", -1)
    body = {"identity_provider": {"remote_ids": ["http://127.0.0.1:9/", "http://far.example/"]}}
    cloud.admin.ok("PATCH", f"{FED}/identity_providers/corp", json=body)
    for issuer in body["identity_provider"]["remote_ids"]:
        answer = login(cloud, trusted, provider.token(iss=issuer))
        assert answer.status_code == 503 and issuer in answer.json["error"]["message"]


def test_who_is_switched_off_is_out_at_once(cloud, provider, trusted):
    client = cloud.using(login(cloud, trusted, provider.token()))
    assert client.get("/v3/auth/projects").status_code == 200
    path = f"{FED}/identity_providers/corp"
    cloud.admin.ok("PATCH", path, json={"identity_provider": {"enabled": False}})
    assert client.get("/v3/auth/projects").status_code == 401
    assert login(cloud, trusted, provider.token()).status_code == 401
    cloud.admin.ok("PATCH", path, json={"identity_provider": {"enabled": True}})
    client = cloud.using(login(cloud, trusted, provider.token()))
    assert cloud.admin.delete(path).status_code == 204
    assert client.get("/v3/auth/projects").status_code == 401
    assert login(cloud, trusted, provider.token()).status_code == 404


def test_memberships_last_as_long_as_the_provider_says(cloud, provider, trusted):
    path = f"{FED}/identity_providers/corp"
    cloud.admin.ok("PATCH", path, json={"identity_provider": {"authorization_ttl": 5}})
    user = login(cloud, trusted, provider.token()).json["token"]["user"]["id"]
    query = f"/v3/role_assignments?effective&user.id={user}&scope.project.id={trusted['demo']}"
    assert len(cloud.admin.ok("GET", query)["role_assignments"]) == 2
    login(cloud, trusted, provider.token(groups=["lunch"]))
    assert cloud.admin.ok("GET", query)["role_assignments"] == []


def test_projects_are_made_as_the_mapping_says(cloud, provider, trusted):
    project = {"name": "of {0}", "roles": [{"name": "member"}]}
    rules = [
        {
            "local": [{"user": {"name": "{0}"}}, {"projects": [project]}],
            "remote": [{"type": "OIDC-preferred_username"}],
        }
    ]
    cloud.admin.ok("PATCH", f"{FED}/mappings/m", json={"mapping": {"rules": rules}})
    for _ in range(2):
        answer = login(cloud, trusted, provider.token())
        listed = cloud.using(answer).ok("GET", "/v3/auth/projects")["projects"]
        assert [p["name"] for p in listed] == ["of ann"]
        assert listed[0]["domain_id"] == trusted["domain_id"]
    assert scoped(cloud, answer, listed[0]["id"]).status_code == 201


def test_a_mapping_may_name_a_user_who_is_here(cloud, provider, trusted):
    local = {"user": {"name": "{0}", "domain": {"id": "default"}, "type": "local"}}
    rules = [{"local": [local], "remote": [{"type": "OIDC-preferred_username"}]}]
    cloud.admin.ok("PATCH", f"{FED}/mappings/m", json={"mapping": {"rules": rules}})
    answer = login(cloud, trusted, provider.token(preferred_username="demo"))
    assert answer.json["token"]["user"]["id"] == cloud.id_of("users", "demo")
    assert scoped(cloud, answer, trusted["demo"]).status_code == 201
    assert login(cloud, trusted, provider.token()).status_code == 401


def test_what_is_kept(cloud, provider, trusted):
    admin, path = cloud.admin, f"{FED}/identity_providers"
    listed = admin.ok("GET", f"{path}?enabled=true")["identity_providers"]
    assert [p["id"] for p in listed] == ["corp"] and listed[0]["links"]["protocols"]
    assert admin.ok("GET", f"{path}?enabled=false")["identity_providers"] == []
    body = {"identity_provider": {"remote_ids": [provider.issuer]}}
    assert admin.put(f"{path}/other", json=body).status_code == 409
    assert admin.put(f"{path}/corp", json={"identity_provider": {}}).status_code == 409
    body = {"identity_provider": {"domain_id": "none"}}
    assert admin.put(f"{path}/other", json=body).status_code == 400
    body = {"identity_provider": {"domain_id": "default"}}
    made = admin.ok("PUT", f"{path}/other", json=body)["identity_provider"]
    assert made["domain_id"] == "default" and made["enabled"] is False
    assert admin.patch(f"{path}/corp", json=body).status_code == 403
    protocols = f"{path}/other/protocols"
    wrong = {"protocol": {"mapping_id": "none"}}
    assert admin.put(f"{protocols}/x", json=wrong).status_code == 400
    right = {"protocol": {"mapping_id": "m"}}
    assert admin.put(f"{protocols}/x", json=right).status_code == 201
    assert admin.put(f"{protocols}/x", json=right).status_code == 409
    assert [p["id"] for p in admin.ok("GET", protocols)["protocols"]] == ["x"]
    assert admin.ok("GET", f"{protocols}/x")["protocol"]["mapping_id"] == "m"
    assert admin.ok("PATCH", f"{protocols}/x", json=right)["protocol"]["id"] == "x"
    assert admin.delete(f"{protocols}/x").status_code == 204
    assert [m["id"] for m in admin.ok("GET", f"{FED}/mappings")["mappings"]] == ["m"]
    bad = {"mapping": {"rules": [{"local": [], "remote": [{"colour": "red"}]}]}}
    assert admin.put(f"{FED}/mappings/n", json=bad).status_code == 400
    assert admin.put(f"{FED}/mappings/m", json={"mapping": {"rules": RULES}}).status_code == 409
    assert admin.delete(f"{FED}/mappings/m").status_code == 204
    assert login(cloud, trusted, provider.token()).status_code == 401
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert demo.get(path).status_code == demo.put(f"{path}/z", json=body).status_code == 403


def test_service_providers(cloud):
    path = f"{FED}/service_providers"
    urls = {"auth_url": "https://b.example.org/v3/auth", "sp_url": "https://b.example.org/ECP"}
    body = {"service_provider": {**urls, "description": "the other site"}}
    made = cloud.admin.put(f"{path}/b", json=body)
    assert made.status_code == 201, made.text
    assert made.json["service_provider"]["enabled"] is False
    assert made.json["service_provider"]["relay_state_prefix"] == "ss:mem:"
    assert cloud.admin.put(f"{path}/b", json=body).status_code == 409
    bad = {"service_provider": {"auth_url": "https://b.example.org"}}
    assert cloud.admin.put(f"{path}/c", json=bad).status_code == 400
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert "service_providers" not in demo.body
    assert demo.put(f"{path}/c", json=body).status_code == 403
    on = {"service_provider": {"enabled": True}}
    assert cloud.admin.ok("PATCH", f"{path}/b", json=on)["service_provider"]["enabled"]
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert demo.body["service_providers"] == [{"id": "b", **urls}]
    shown = cloud.admin.get("/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert shown.json["token"]["service_providers"] == [{"id": "b", **urls}]
    found = cloud.admin.ok("GET", f"{path}?enabled=true")["service_providers"]
    assert [p["id"] for p in found] == ["b"]
    assert cloud.admin.ok("GET", f"{path}?enabled=false")["service_providers"] == []
    assert cloud.admin.delete(f"{path}/b").status_code == 204
    assert cloud.admin.get(f"{path}/b").status_code == 404
    assert "service_providers" not in cloud.log_in("demo", "demopw", project="demo").body
