"Users, groups, passwords and the rules of security compliance."

import time

import pytest


def test_a_user_lives(cloud):
    user = cloud.user("ann", email="ann@example.org", description="d")
    assert user["email"] == "ann@example.org" and "password" not in user
    path = f"/v3/users/{user['id']}"
    assert cloud.admin.ok("GET", path)["user"]["federated"] == []
    changed = cloud.admin.ok("PATCH", path, json={"user": {"name": "anne", "email": None}})["user"]
    assert changed["name"] == "anne" and cloud.auth("anne", "secret").status_code == 201
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.get(path).status_code == 404
    assert cloud.auth("anne", "secret").status_code == 401


def test_names_are_unique_in_their_domain(cloud):
    cloud.user("ann")
    twice = cloud.admin.post("/v3/users", json={"user": {"name": "ann"}})
    assert twice.status_code == 409 and "ann" in twice.json["error"]["message"]
    domain = cloud.admin.ok("POST", "/v3/domains", json={"domain": {"name": "other"}})["domain"]
    cloud.user("ann", domain_id=domain["id"])
    assert (
        cloud.admin.post("/v3/users", json={"user": {"name": "x", "domain_id": "no"}}).status_code
        == 404
    )


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", ""),
        ("name", 5),
        ("enabled", "yes"),
        ("domain_id", 3),
        ("options", {"nonsense": 1}),
        ("name", "x" * 256),
    ],
)
def test_bad_input_names_the_field(cloud, field, value):
    answer = cloud.admin.post("/v3/users", json={"user": {"name": "u", field: value}})
    assert answer.status_code == 400 and (field in answer.text or "nonsense" in answer.text)


def test_filters_order_and_pages(cloud):
    for name in ("Zed_1", "zed%2", "zedX3"):
        cloud.user(name, enabled=name != "zedX3")

    def names(query):
        return [u["name"] for u in cloud.admin.ok("GET", f"/v3/users?{query}")["users"]]

    assert names("name__startswith=zed&sort_key=name") == ["zed%2", "zedX3"]
    assert sorted(names("name__istartswith=zed")) == ["Zed_1", "zed%2", "zedX3"]
    assert names("name__contains=d_") == ["Zed_1"]
    assert names("name__endswith=%252") == ["zed%2"]
    assert names("enabled=false") == ["zedX3"]
    assert names("name=nobody") == []
    page = cloud.admin.ok("GET", "/v3/users?limit=2&sort_key=name&sort_dir=desc")
    seen = [u["name"] for u in page["users"]]
    while page["links"]["next"]:
        page = cloud.admin.ok("GET", page["links"]["next"])
        seen += [u["name"] for u in page["users"]]
    assert seen == sorted(seen, reverse=True) and len(seen) == 6
    assert cloud.admin.get("/v3/users?marker=nobody").status_code == 400
    assert cloud.admin.get("/v3/users?sort_key=hash").status_code == 400


def test_a_user_changes_their_password(cloud):
    user = cloud.user("ann")
    client = cloud.log_in("ann", "secret", scope="unscoped")
    path = f"/v3/users/{user['id']}/password"
    body = {"user": {"original_password": "wrong", "password": "newpw"}}
    assert cloud.anyone.post(path, json=body).status_code == 401
    body["user"]["original_password"] = "secret"
    assert cloud.anyone.post(path, json=body).status_code == 204
    assert client.get("/v3/auth/projects").status_code == 401
    assert cloud.auth("ann", "secret").status_code == 401
    assert cloud.auth("ann", "newpw").status_code == 201


def test_lockout_and_its_end(make_cloud):
    cloud = make_cloud(
        **{
            "security_compliance.lockout_failure_attempts": 2,
            "security_compliance.lockout_duration_s": 1,
        }
    )
    cloud.user("ann")
    assert [cloud.auth("ann", p).status_code for p in ("a", "b", "secret")] == [401] * 3
    time.sleep(1.1)
    assert cloud.auth("ann", "secret").status_code == 201
    assert cloud.auth("ann", "a").status_code == 401
    assert cloud.auth("ann", "secret").status_code == 201  # one failure locks nobody


def test_passwords_are_not_used_again(make_cloud):
    cloud = make_cloud(**{"security_compliance.unique_last_password_count": 2})
    user = cloud.user("ann", password="one")
    path = f"/v3/users/{user['id']}/password"

    def change(old, new):
        body = {"user": {"original_password": old, "password": new}}
        return cloud.anyone.post(path, json=body).status_code

    assert change("one", "one") == 400
    assert change("one", "two") == 204
    assert change("two", "one") == 400
    assert change("two", "three") == 204
    assert change("three", "one") == 204


def test_regex_first_use_and_minimum_age(make_cloud):
    cloud = make_cloud(
        **{
            "security_compliance.password_regex": r"^(?=.*\d).{4,}$",
            "security_compliance.password_regex_description": "a digit",
            "security_compliance.change_password_upon_first_use": True,
            "security_compliance.minimum_password_age_days": 1,
        }
    )
    weak = cloud.admin.post("/v3/users", json={"user": {"name": "ann", "password": "abcd"}})
    assert weak.status_code == 400 and "a digit" in weak.text
    user = cloud.user("ann", password="abcd1")
    first = cloud.auth("ann", "abcd1")
    assert first.status_code == 401 and "expired" in first.json["error"]["message"]
    path = f"/v3/users/{user['id']}/password"
    body = {"user": {"original_password": "abcd1", "password": "abcd2"}}
    assert cloud.anyone.post(path, json=body).status_code == 204
    assert cloud.auth("ann", "abcd2").status_code == 201
    body = {"user": {"original_password": "abcd2", "password": "abcd3"}}
    soon = cloud.anyone.post(path, json=body)
    assert soon.status_code == 400 and "minimum age" in soon.text


def test_groups(cloud):
    user = cloud.user("ann")
    group = cloud.admin.ok("POST", "/v3/groups", json={"group": {"name": "g"}})["group"]
    path = f"/v3/groups/{group['id']}/users/{user['id']}"
    assert cloud.admin.get(path).status_code == 404
    assert cloud.admin.put(path).status_code == 204
    assert cloud.admin.put(path).status_code == 204
    assert cloud.admin.head(path).status_code == 204
    assert [
        u["name"] for u in cloud.admin.ok("GET", f"/v3/groups/{group['id']}/users")["users"]
    ] == ["ann"]
    assert [
        g["name"] for g in cloud.admin.ok("GET", f"/v3/users/{user['id']}/groups")["groups"]
    ] == ["g"]
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.delete(path).status_code == 404
    assert cloud.admin.delete(f"/v3/groups/{group['id']}").status_code == 204


def test_multi_factor_login_with_a_receipt(cloud):
    from identity.core.totp import passcode

    rules = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    user = cloud.user("ann", options=rules)
    secret = "GEZDGNBVGY3TQOJQ"
    credential = {"type": "totp", "blob": secret, "user_id": user["id"]}
    cloud.admin.ok("POST", "/v3/credentials", json={"credential": credential})
    half = cloud.auth("ann", "secret")
    assert half.status_code == 401 and half.json["required_auth_methods"] == [["password", "totp"]]
    receipt = half.headers["Openstack-Auth-Receipt"]
    totp = {"user": {"id": user["id"], "passcode": passcode(secret, time.time())}}
    body = {"auth": {"identity": {"methods": ["totp"], "totp": totp}}}
    headers = {"Openstack-Auth-Receipt": receipt}
    done = cloud.anyone.post("/v3/auth/tokens", json=body, headers=headers)
    assert done.status_code == 201 and sorted(done.json["token"]["methods"]) == ["password", "totp"]
    bad = cloud.anyone.post(
        "/v3/auth/tokens", json=body, headers={"Openstack-Auth-Receipt": "x.y.z"}
    )
    assert bad.status_code == 401


def test_no_secret_is_logged(make_cloud, caplog):
    caplog.set_level("DEBUG")
    cloud = make_cloud()
    user = cloud.user("ann", password="Xyzzy-In-No-Log")
    client = cloud.log_in("ann", "Xyzzy-In-No-Log", scope="unscoped")
    cloud.auth("ann", "Xyzzy-Wrong-One")
    body = {"user": {"original_password": "Xyzzy-In-No-Log", "password": 7}}
    refused = cloud.anyone.post(f"/v3/users/{user['id']}/password", json=body)
    client.get("/v3/auth/tokens", headers={"X-Subject-Token": client.token})
    logged = caplog.text + refused.text
    assert "Xyzzy" not in logged and client.token not in logged
