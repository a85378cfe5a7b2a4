"OAuth 1.0a: a user lets a program act with some of their roles; every step of it is signed."

import time
from urllib.parse import parse_qsl

import pytest
from oauthlib import oauth1

BASE = "http://localhost"
OAUTH = "/v3/OS-OAUTH1"
LOGIN = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}


def sign(path, consumer, token=None, method=oauth1.SIGNATURE_HMAC, **more):
    "The Authorization header of a POST by a consumer."
    if token:
        more |= {
            "resource_owner_key": token["oauth_token"],
            "resource_owner_secret": token["oauth_token_secret"],
        }
    client = oauth1.Client(
        consumer["id"], client_secret=consumer["secret"], signature_method=method, **more
    )
    return client.sign(f"{BASE}{path}", http_method="POST")[1]


@pytest.fixture
def consumer(cloud):
    body = {"consumer": {"description": "backup"}}
    return cloud.admin.ok("POST", f"{OAUTH}/consumers", json=body)["consumer"]


@pytest.fixture
def demo(cloud):
    return cloud.log_in("demo", "demopw", project="demo")


@pytest.fixture
def request_token(cloud, consumer):
    project = cloud.id_of("projects", "demo")
    headers = sign(f"{OAUTH}/request_token", consumer, callback_uri="oob")
    answer = cloud.anyone.post(
        f"{OAUTH}/request_token", headers={**headers, "Requested-Project-Id": project}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(answer.text))


@pytest.fixture
def verifier(cloud, demo, request_token):
    path = f"{OAUTH}/authorize/{request_token['oauth_token']}"
    roles = [{"id": cloud.id_of("roles", "reader")}]
    return demo.ok("PUT", path, json={"roles": roles})["token"]["oauth_verifier"]


def exchange(cloud, consumer, request_token, verifier):
    path = f"{OAUTH}/access_token"
    return cloud.anyone.post(path, headers=sign(path, consumer, request_token, verifier=verifier))


@pytest.fixture
def access_token(cloud, consumer, request_token, verifier):
    answer = exchange(cloud, consumer, request_token, verifier)
    assert answer.status_code == 201, answer.text
    return dict(parse_qsl(answer.text))


def log_in(cloud, consumer, token, body=LOGIN, **more):
    headers = sign("/v3/auth/tokens", consumer, token, **more)
    return cloud.anyone.post("/v3/auth/tokens", json=body, headers=headers)


def test_consumers(cloud, demo, consumer):
    path = f"{OAUTH}/consumers/{consumer['id']}"
    assert len(consumer["secret"]) == 64
    assert "secret" not in cloud.admin.ok("GET", path)["consumer"]
    shown = cloud.admin.ok("GET", f"{OAUTH}/consumers")["consumers"]
    assert [c["description"] for c in shown] == ["backup"] and "secret" not in shown[0]
    changed = cloud.admin.ok("PATCH", path, json={"consumer": {"description": "other"}})
    assert changed["consumer"]["description"] == "other"
    assert cloud.admin.patch(path, json={"consumer": {"secret": "mine"}}).status_code == 400
    assert demo.post(f"{OAUTH}/consumers", json={"consumer": {}}).status_code == 403
    assert demo.get(path).status_code == 403
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.get(path).status_code == 404


@pytest.mark.parametrize(
    "method",
    [oauth1.SIGNATURE_HMAC_SHA1, oauth1.SIGNATURE_HMAC_SHA256, oauth1.SIGNATURE_HMAC_SHA512],
)
def test_a_consumer_acts_with_what_it_was_allowed(cloud, demo, consumer, access_token, method):
    answer = log_in(cloud, consumer, access_token, method=method)
    assert answer.status_code == 201, answer.text
    token = answer.json["token"]
    assert token["methods"] == ["oauth1"] and token["user"]["name"] == "demo"
    assert [r["name"] for r in token["roles"]] == ["reader"], "not the member that demo is too"
    assert token["project"]["name"] == "demo" and token["catalog"]
    assert token["OS-OAUTH1"] == {
        "access_token_id": access_token["oauth_token"],
        "consumer_id": consumer["id"],
    }
    end = time.mktime(time.strptime(access_token["oauth_expires_at"][:19], "%Y-%m-%dT%H:%M:%S"))
    assert 80_000 < end - time.mktime(time.gmtime()) < 87_000
    shown = cloud.admin.get(
        "/v3/auth/tokens", headers={"X-Subject-Token": answer.headers["X-Subject-Token"]}
    )
    assert shown.json["token"]["OS-OAUTH1"] == token["OS-OAUTH1"]


def test_what_was_allowed_is_shown_and_taken_back(cloud, demo, consumer, access_token):
    user_id, token_id = demo.body["user"]["id"], access_token["oauth_token"]
    path = f"/v3/users/{user_id}/OS-OAUTH1/access_tokens"
    (shown,) = demo.ok("GET", path)["access_tokens"]
    assert shown["id"] == token_id and shown["consumer_id"] == consumer["id"]
    assert shown["project_id"] == demo.body["project"]["id"]
    assert demo.ok("GET", f"{path}/{token_id}")["access_token"] == shown
    assert access_token["oauth_token_secret"] not in demo.get(path).text
    (role,) = demo.ok("GET", f"{path}/{token_id}/roles")["roles"]
    assert role["name"] == "reader"
    assert demo.ok("GET", f"{path}/{token_id}/roles/{role['id']}")["role"] == role
    assert demo.get(f"{path}/{token_id}/roles/nope").status_code == 404
    cloud.user("other")
    other = cloud.using(cloud.auth("other", "secret"))
    for method in ("get", "delete"):
        assert getattr(other, method)(f"{path}/{token_id}").status_code == 403
    program = cloud.using(log_in(cloud, consumer, access_token))
    assert program.get("/v3/auth/projects").status_code == 200
    assert demo.delete(f"{path}/{token_id}").status_code == 204
    assert program.get("/v3/auth/projects").status_code == 401, "its tokens end with it"
    assert log_in(cloud, consumer, access_token).status_code == 401
    assert demo.get(f"{path}/{token_id}").status_code == 404


def test_with_the_consumer_ends_what_it_was_allowed(cloud, consumer, access_token):
    program = cloud.using(log_in(cloud, consumer, access_token))
    assert cloud.admin.delete(f"{OAUTH}/consumers/{consumer['id']}").status_code == 204
    assert program.get("/v3/auth/projects").status_code == 401
    assert log_in(cloud, consumer, access_token).status_code == 401


def test_with_the_role_ends_what_it_gave(cloud, consumer, access_token):
    user, project = cloud.id_of("users", "demo"), cloud.id_of("projects", "demo")
    role = cloud.id_of("roles", "member")
    path = f"/v3/projects/{project}/users/{user}/roles/{role}"
    assert cloud.admin.delete(path).status_code == 204
    assert log_in(cloud, consumer, access_token).status_code == 401


def test_what_was_delegated_is_not_passed_on(cloud, demo, consumer, access_token, request_token):
    program = cloud.using(log_in(cloud, consumer, access_token))
    user_id, project_id = program.body["user"]["id"], program.body["project"]["id"]
    role = {"name": "reader"}
    again = {
        "identity": {"methods": ["token"], "token": {"id": program.token}},
        "scope": {"project": {"id": project_id}},
    }
    trust = {
        "trustor_user_id": user_id,
        "trustee_user_id": user_id,
        "impersonation": False,
        "project_id": project_id,
        "roles": [role],
    }
    authorize = f"{OAUTH}/authorize/{request_token['oauth_token']}"
    ec2 = f"/v3/users/{user_id}/credentials/OS-EC2"
    credentials = f"/v3/users/{user_id}/application_credentials"
    for answer in (
        program.post("/v3/auth/tokens", json={"auth": again}),
        program.post("/v3/OS-TRUST/trusts", json={"trust": trust}),
        program.post(credentials, json={"application_credential": {"name": "x"}}),
        program.post(ec2, json={"tenant_id": project_id}),
        program.put(authorize, json={"roles": [role]}),
    ):
        assert answer.status_code == 403, answer.text


def test_a_request_is_served_once(cloud, consumer, access_token):
    headers = sign("/v3/auth/tokens", consumer, access_token)
    assert cloud.anyone.post("/v3/auth/tokens", json=LOGIN, headers=headers).status_code == 201
    assert cloud.anyone.post("/v3/auth/tokens", json=LOGIN, headers=headers).status_code == 401


def test_a_request_token_is_used_once(cloud, consumer, request_token, verifier):
    assert exchange(cloud, consumer, request_token, "wrongverifier123").status_code == 401
    assert exchange(cloud, consumer, request_token, verifier).status_code == 201
    assert exchange(cloud, consumer, request_token, verifier).status_code == 401


def test_nobody_has_authorized_it(cloud, consumer, request_token):
    assert exchange(cloud, consumer, request_token, "anything").status_code == 401
    assert exchange(cloud, consumer, request_token, "").status_code == 401


def test_only_own_roles_can_be_given(cloud, demo, request_token):
    path = f"{OAUTH}/authorize/{request_token['oauth_token']}"
    assert demo.put(path, json={"roles": [{"name": "admin"}]}).status_code == 403
    assert demo.put(path, json={"roles": []}).status_code == 400
    assert demo.put(
        f"{OAUTH}/authorize/nope", json={"roles": [{"name": "reader"}]}
    ).status_code == (404)
    assert cloud.anyone.put(path, json={"roles": [{"name": "reader"}]}).status_code == 401
    cloud.user("other")
    other = cloud.using(cloud.auth("other", "secret"))
    assert other.put(path, json={"roles": [{"name": "reader"}]}).status_code == 403


def test_what_is_not_signed_right_is_refused(cloud, consumer, access_token):
    wrong = {**consumer, "secret": "0" * 64}
    unknown = {**consumer, "id": "f" * 32}
    other = {**access_token, "oauth_token_secret": "0" * 64}
    strange = {**access_token, "oauth_token": "f" * 32}
    old = str(int(time.time()) - 700)
    for answer in (
        log_in(cloud, wrong, access_token),
        log_in(cloud, unknown, access_token),
        log_in(cloud, consumer, other),
        log_in(cloud, consumer, strange),
        log_in(cloud, consumer, access_token, timestamp=old),
        log_in(cloud, consumer, access_token, nonce="short"),
        log_in(cloud, consumer, access_token, method=oauth1.SIGNATURE_PLAINTEXT),
        log_in(cloud, consumer, None),
        cloud.anyone.post("/v3/auth/tokens", json=LOGIN),
        cloud.anyone.post(
            "/v3/auth/tokens", json=LOGIN, headers={"Authorization": "OAuth " + "x=1, " * 2000}
        ),
    ):
        assert answer.status_code == 401, answer.text
    somewhere = {"auth": {**LOGIN["auth"], "scope": {"system": {"all": True}}}}
    assert log_in(cloud, consumer, access_token, somewhere).status_code == 401
    project = cloud.id_of("projects", "demo")
    there = {"auth": {**LOGIN["auth"], "scope": {"project": {"id": project}}}}
    assert log_in(cloud, consumer, access_token, there).status_code == 201


def test_what_a_request_for_a_token_must_say(cloud, consumer):
    path, project = f"{OAUTH}/request_token", cloud.id_of("projects", "demo")
    good = sign(path, consumer, callback_uri="oob")
    assert cloud.anyone.post(path, headers=good).status_code == 400
    there = {"Requested-Project-Id": project}
    assert cloud.anyone.post(path, headers={**there}).status_code == 401
    else_ = sign(path, consumer, callback_uri="http://example.org/")
    assert cloud.anyone.post(path, headers={**else_, **there}).status_code == 400
    nowhere = sign(path, consumer, callback_uri="oob")
    nope = {"Requested-Project-Id": "nope"}
    assert cloud.anyone.post(path, headers={**nowhere, **nope}).status_code == 404


def test_access_tokens_end(make_cloud):
    cloud = make_cloud(**{"oauth1.request_token_duration_s": 1})
    consumer = cloud.admin.ok("POST", f"{OAUTH}/consumers", json={"consumer": {}})["consumer"]
    path, project = f"{OAUTH}/request_token", cloud.id_of("projects", "demo")
    headers = sign(path, consumer, callback_uri="oob") | {"Requested-Project-Id": project}
    token = dict(parse_qsl(cloud.anyone.post(path, headers=headers).text))
    demo = cloud.log_in("demo", "demopw", project="demo")
    authorize = f"{OAUTH}/authorize/{token['oauth_token']}"
    reader = {"roles": [{"name": "reader"}]}
    assert demo.put(authorize, json=reader).status_code == 200
    time.sleep(1.1)
    assert demo.put(authorize, json=reader).status_code == 404
