"Configuration of single domains."

import pytest

LDAP = {"url": "ldap://directory.example.org", "user_tree_dn": "ou=Users,dc=example,dc=org"}


@pytest.fixture
def path(cloud):
    made = cloud.admin.ok("POST", "/v3/domains", json={"domain": {"name": "corp"}})["domain"]
    return f"/v3/domains/{made['id']}/config"


def put(cloud, path, **groups):
    return cloud.admin.put(path, json={"config": groups})


def test_a_configuration_is_kept_whole_by_group_and_by_option(cloud, path):
    assert cloud.admin.get(path).status_code == 404
    answer = put(cloud, path, identity={"driver": "sql"}, ldap={**LDAP, "password": "secret"})
    whole = {"config": {"identity": {"driver": "sql"}, "ldap": LDAP}}
    assert answer.status_code == 201 and answer.json == whole, "without the secret"
    assert cloud.admin.ok("GET", path) == whole
    assert cloud.admin.ok("GET", f"{path}/ldap") == {"config": {"ldap": LDAP}}
    assert cloud.admin.ok("GET", f"{path}/ldap/url") == {"config": {"url": LDAP["url"]}}
    assert cloud.admin.get(f"{path}/ldap/password").status_code == 404
    assert cloud.admin.get(f"{path}/ldap/suffix").status_code == 404
    change = {"config": {"ldap": {"suffix": "dc=example,dc=org"}}}
    changed = cloud.admin.ok("PATCH", path, json=change)["config"]
    assert changed["ldap"] == {**LDAP, "suffix": "dc=example,dc=org"}
    change = {"config": {"ldap": {"url": "ldaps://other.example.org"}}}
    changed = cloud.admin.ok("PATCH", f"{path}/ldap", json=change)["config"]
    assert changed["ldap"]["url"] == "ldaps://other.example.org" and changed["identity"]
    change = {"config": {"url": LDAP["url"]}}
    assert (
        cloud.admin.ok("PATCH", f"{path}/ldap/url", json=change)["config"]["ldap"]["url"]
        == (LDAP["url"])
    )
    assert cloud.admin.delete(f"{path}/ldap/suffix").status_code == 204
    assert cloud.admin.delete(f"{path}/ldap/suffix").status_code == 404
    assert cloud.admin.delete(f"{path}/ldap").status_code == 204
    assert cloud.admin.ok("GET", path) == {"config": {"identity": {"driver": "sql"}}}
    assert put(cloud, path, ldap=LDAP).status_code == 200, "instead of the old one"
    assert cloud.admin.ok("GET", path) == {"config": {"ldap": LDAP}}
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.get(path).status_code == 404


def test_secrets_are_encrypted(cloud, path):
    from identity.store import rows
    from identity.store.models import DomainConfig

    put(cloud, path, ldap={**LDAP, "password": "verysecret"})
    with cloud.deps.db.read() as session:
        values = [str(row.value) for row in rows.every(session, DomainConfig)]
    assert len(values) == 3 and not any("verysecret" in value for value in values)


def test_a_secret_alone(cloud, path):
    answer = put(cloud, path, ldap={"password": "one"})
    assert answer.status_code == 201 and answer.json == {"config": {}}
    assert cloud.admin.get(path).status_code == 404, "there is nothing to show"
    two = {"config": {"password": "two"}}
    assert cloud.admin.ok("PATCH", f"{path}/ldap/password", json=two) == {"config": {}}
    assert cloud.admin.delete(f"{path}/ldap/password").status_code == 204
    assert cloud.admin.delete(path).status_code == 404


def test_what_is_refused(cloud, path):
    put(cloud, path, ldap=LDAP)
    for config in (
        {"nothing": {"a": 1}},
        {"ldap": {"nothing": 1}},
        {"ldap": {"url": None}},
        {"ldap": {"page_size": "many"}},
        {"ldap": {"use_tls": "perhaps"}},
        {"ldap": {"query_scope": "all"}},
        {"ldap": {"suffix": {"a": 1}}},
        {"ldap": {"suffix": "x" * 9000}},
        {"ldap": {}},
        {"ldap": [1]},
        {"identity": {"driver": 5}},
        {},
    ):
        answer = cloud.admin.put(path, json={"config": config})
        assert answer.status_code == 403, (config, answer.text)
        assert answer.json["error"]["message"].startswith("Invalid domain specific configuration")
    two = {"config": {"ldap": LDAP, "identity": {"driver": "sql"}}}
    assert cloud.admin.patch(f"{path}/ldap", json=two).status_code == 403
    assert cloud.admin.patch(f"{path}/ldap/url", json={"config": LDAP}).status_code == 403
    none = {"config": {"identity": {"driver": "sql"}}}
    assert cloud.admin.patch(f"{path}/identity", json=none).status_code == 404
    assert cloud.admin.patch(f"{path}/nothing", json={"config": {"nothing": {}}}).status_code == 403
    assert cloud.admin.get(f"{path}/nothing").status_code == 403
    assert cloud.admin.put(path, json={"config": []}).status_code == 400
    assert cloud.admin.get("/v3/domains/nope/config").status_code == 404
    assert put(cloud, "/v3/domains/nope/config", ldap=LDAP).status_code == 404
    demo = cloud.log_in("demo", "demopw", project="demo")
    for answer in (demo.get(path), demo.put(path, json=two), demo.delete(path)):
        assert answer.status_code == 403
    assert cloud.admin.ok("GET", path) == {"config": {"ldap": LDAP}}


def test_defaults(cloud):
    path = "/v3/domains/config"
    whole = cloud.admin.ok("GET", f"{path}/default")["config"]
    assert set(whole) == {"identity", "ldap"} and "password" not in whole["ldap"]
    assert cloud.admin.ok("GET", f"{path}/ldap/default") == {"config": {"ldap": whole["ldap"]}}
    url = cloud.admin.ok("GET", f"{path}/ldap/url/default")
    assert url == {"config": {"url": "ldap://localhost"}}
    assert cloud.admin.get(f"{path}/ldap/password/default").status_code == 403
    assert cloud.admin.get(f"{path}/nothing/default").status_code == 403
    assert cloud.admin.get(f"{path}/ldap/nothing/default").status_code == 403


def test_everybody_may_know_the_rules_for_passwords(make_cloud):
    cloud = make_cloud(
        **{
            "security_compliance.password_regex": "^.{6,}$",
            "security_compliance.password_regex_description": "six characters",
        }
    )
    demo = cloud.log_in("demo", "demopw", project="demo")
    path = "/v3/domains/default/config/security_compliance"
    rules = {"password_regex": "^.{6,}$", "password_regex_description": "six characters"}
    assert demo.ok("GET", path) == {"config": {"security_compliance": rules}}
    found = demo.ok("GET", f"{path}/password_regex")
    assert found == {"config": {"password_regex": "^.{6,}$"}}
    assert demo.get(f"{path}/lockout_failure_attempts").status_code == 403
    assert demo.get("/v3/domains/nope/config/security_compliance").status_code == 404
    assert cloud.anyone.get(path).status_code == 401


def test_a_configuration_goes_with_its_domain(cloud, path):
    from identity.store import rows
    from identity.store.models import DomainConfig

    put(cloud, path, ldap=LDAP)
    domain = path.rsplit("/", 1)[0]
    cloud.admin.ok("PATCH", domain, json={"domain": {"enabled": False}})
    assert cloud.admin.delete(domain).status_code == 204
    with cloud.deps.db.read() as session:
        assert not rows.every(session, DomainConfig)
