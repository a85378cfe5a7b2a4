"""The `openstack` client and openstacksdk against the identity service of a running cloud: the
verbs of everything that this service keeps, and what each of them is good for."""

import json

import openstack
import pytest
from openstack import exceptions

from tests.clients.conftest import Shell

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(300)]


def names(rows):
    return {row["Name"] for row in rows}


@pytest.fixture
def project(admin, mark, after):
    made = admin.json(f"project create {mark}-p")
    after(admin, f"project delete {mark}-p")
    return made


@pytest.fixture
def user(admin, project, mark, after):
    "A member of the project; its password is the mark."
    made = admin.json(f"user create --password {mark} --project {project['id']} {mark}-u")
    after(admin, f"user delete {mark}-u")
    admin(f"role add --user {mark}-u --project {project['id']} member")
    return made


@pytest.fixture
def myself(config, user, project, mark):
    "The `openstack` of that user."
    return Shell(
        *("devstack", "--os-username", user["name"], "--os-password", mark),
        *("--os-project-name", project["name"]),
    )


def test_domains_and_projects(admin, mark, after):
    domain = admin.json(f"domain create --description d {mark}-d")
    after(admin, f"domain delete {mark}-d2")
    after(admin, f"domain set --disable {mark}-d2")
    assert domain["enabled"] is True
    admin(f"domain set --name {mark}-d2 --description e {mark}-d")
    assert admin.json(f"domain show {mark}-d2")["description"] == "e"
    assert f"{mark}-d2" in names(admin.json("domain list"))
    parent = admin.json(f"project create --domain {mark}-d2 --tag a --tag b {mark}-p")
    assert parent["domain_id"] == domain["id"] and sorted(parent["tags"]) == ["a", "b"]
    child = admin.json(
        f"project create --domain {mark}-d2 --parent {parent['id']} --property colour=red {mark}-c"
    )
    assert child["parent_id"] == parent["id"] and child["colour"] == "red"
    admin(f"project set --name {mark}-q --remove-tag a {parent['id']}")
    shown = admin.json(f"project show {parent['id']} --children")
    assert shown["name"] == f"{mark}-q" and shown["tags"] == ["b"]
    assert child["id"] in str(shown["subtree"])
    listed = admin.json(f"project list --domain {mark}-d2")
    assert names(listed) == {f"{mark}-q", f"{mark}-c"}
    assert names(admin.json(f"project list --domain {mark}-d2 --tags b")) == {f"{mark}-q"}
    twice = admin(f"project create --domain {mark}-d2 {mark}-c", fails=True)
    assert "409" in twice
    assert "must be disabled" in admin(f"domain delete {mark}-d2", fails=True)
    admin(f"project delete {child['id']} {parent['id']}")
    admin(f"domain set --disable {mark}-d2")
    admin(f"domain delete {mark}-d2")
    assert "No Domain" in admin(f"domain show {mark}-d2", fails=True)


def test_users_and_groups(admin, user, myself, project, mark, after):
    admin(f"user set --email u@example.org --description d {mark}-u")
    shown = admin.json(f"user show {mark}-u")
    assert (shown["email"], shown["description"]) == ("u@example.org", "d")
    assert shown["default_project_id"] == project["id"]
    assert f"{mark}-u" in names(admin.json(f"user list --project {project['id']}"))
    admin.json(f"group create --description g {mark}-g")
    after(admin, f"group delete {mark}-g2 {mark}-g")
    admin(f"group add user {mark}-g {mark}-u")
    assert "in group" in admin(f"group contains user {mark}-g {mark}-u")
    assert names(admin.json(f"user list --group {mark}-g")) == {f"{mark}-u"}
    assert names(admin.json(f"group list --user {mark}-u")) == {f"{mark}-g"}
    admin(f"group set --name {mark}-g2 --description h {mark}-g")
    assert admin.json(f"group show {mark}-g2")["description"] == "h"
    admin(f"group remove user {mark}-g2 {mark}-u")
    assert admin.json(f"user list --group {mark}-g2") == []

    issued = myself.json("token issue")
    assert issued["project_id"] == project["id"] and issued["user_id"] == user["id"]
    assert "403" in myself("user list", fails=True)
    myself(f"user password set --original-password {mark} --password {mark}-new")
    assert "401" in myself("token issue", fails=True)
    admin(f"user set --password {mark} {mark}-u")
    token = myself.json("token issue")["id"]
    admin(f"user set --disable {mark}-u")
    assert "401" in myself("token issue", fails=True)
    admin(f"user set --enable {mark}-u")
    stale = openstack.connect(
        auth_type="token", auth={"auth_url": _url(admin), "token": token}, region_name="RegionOne"
    )
    with pytest.raises(Exception, match="401|404|could not be found|Unauthorized"):
        stale.authorize()


def _url(admin):
    rows = admin.json("endpoint list --service identity --interface public")
    return rows[0]["URL"]


def test_roles_and_assignments(admin, user, project, mark, after):
    admin.json(f"role create --description r {mark}-r")
    after(admin, f"role delete {mark}-r2 {mark}-r")
    admin.json(f"role create {mark}-s")
    after(admin, f"role delete {mark}-s")
    admin(f"role set --name {mark}-r2 {mark}-r")
    assert admin.json(f"role show {mark}-r2")["description"] == "r"
    assert f"{mark}-r2" in names(admin.json("role list"))
    admin.json(f"implied role create --implied-role {mark}-s {mark}-r2")
    implied = admin.json("implied role list")
    assert f"{mark}-s" in {r["Implied Role Name"] for r in implied}
    admin(f"role add --user {mark}-u --project {project['id']} {mark}-r2")

    def held(*more):
        words = f"role assignment list --names --user {mark}-u --project {project['id']}"
        return {r["Role"] for r in admin.json(words, *more)}

    assert held() == {"member", f"{mark}-r2"}
    assert {f"{mark}-s", "reader"} <= held("--effective")
    admin(f"implied role delete --implied-role {mark}-s {mark}-r2")
    assert f"{mark}-s" not in held("--effective")
    admin(f"role add --user {mark}-u --system all reader")
    listed = admin.json(f"role assignment list --system all --user {mark}-u --names")
    assert {r["Role"] for r in listed} == {"reader"}
    admin(f"role remove --user {mark}-u --system all reader")
    admin(f"role add --user {mark}-u --domain default --inherited reader")
    assert "reader" in {
        r["Role"]
        for r in admin.json(f"role assignment list --user {mark}-u --domain default --names")
    }
    admin(f"role remove --user {mark}-u --domain default --inherited reader")
    admin(f"role remove --user {mark}-u --project {project['id']} {mark}-r2")
    assert held() == {"member"}


def test_catalog(admin, demo, mark, after):
    region = admin.json(f"region create --description r --parent-region RegionOne {mark}")
    after(admin, f"region delete {mark}")
    assert region["parent_region"] == "RegionOne"
    admin(f"region set --description s {mark}")
    assert admin.json(f"region show {mark}")["description"] == "s"
    assert mark in {r["Region"] for r in admin.json("region list")}
    service = admin.json(f"service create --name {mark} --description d {mark}-type")
    after(admin, f"service delete {service['id']}")
    admin(f"service set --description e {service['id']}")
    assert admin.json(f"service show {mark}")["description"] == "e"
    assert mark in names(admin.json("service list"))
    made = admin.json(
        f"endpoint create --region {mark} {mark} public", "http://x.example.org:1/%(project_id)s"
    )
    after(admin, f"endpoint delete {made['id']}")
    assert made["interface"] == "public" and made["enabled"] is True
    shown = demo.json(f"catalog show {mark}")
    assert "http://x.example.org:1/" in str(shown["endpoints"])
    assert "%(project_id)s" not in str(shown["endpoints"])
    admin(f"endpoint set --disable {made['id']}")
    assert admin.json(f"endpoint show {made['id']}")["enabled"] is False
    assert "x.example.org" not in str(demo.json("catalog list"))
    assert made["id"] in {e["ID"] for e in admin.json(f"endpoint list --region {mark}")}
    assert "403" in demo("service list", fails=True)


def test_what_a_project_sees_of_the_catalog(admin, myself, project, mark, after, tmp_path):
    everything = names(myself.json("catalog list"))
    assert {"keystone", "nova"} <= everything
    endpoints = admin.json("endpoint list --interface public")
    keystone, nova = (
        next(e["ID"] for e in endpoints if e["Service Name"] == name)
        for name in ("keystone", "nova")
    )
    admin(f"endpoint add project {keystone} {project['id']}")
    after(admin, f"endpoint remove project {keystone} {project['id']}")
    assert names(myself.json("catalog list")) == {"keystone"}
    assert project["id"] in {p["ID"] for p in admin.json(f"endpoint list --endpoint {keystone}")}
    assert {e["ID"] for e in admin.json(f"endpoint list --project {project['id']}")} == {keystone}
    filters = tmp_path / "filters"
    service_id = admin.json(f"endpoint show {nova}")["service_id"]
    filters.write_text(json.dumps({"service_id": service_id}))
    admin.json(f"endpoint group create --description d {mark}-g", str(filters))
    after(admin, f"endpoint group delete {mark}-h")
    assert admin.json(f"endpoint group show {mark}-g")["description"] == "d"
    admin(f"endpoint group set --name {mark}-h --description e {mark}-g")
    assert admin.json(f"endpoint group show {mark}-h")["description"] == "e"
    assert f"{mark}-h" in names(admin.json("endpoint group list"))
    admin(f"endpoint group add project {mark}-h {project['id']}")
    assert names(myself.json("catalog list")) == {"keystone", "nova"}
    listed = admin.json(f"endpoint group list --project {project['id']}")
    assert names(listed) == {f"{mark}-h"}
    admin(f"endpoint group remove project {mark}-h {project['id']}")
    admin(f"endpoint remove project {keystone} {project['id']}")
    assert names(myself.json("catalog list")) == everything


def test_identity_providers(admin, demo, mark, after, tmp_path):
    rules = tmp_path / "rules"
    local, remote = {"user": {"name": "{0}"}}, {"type": "OIDC-sub"}
    rules.write_text(json.dumps([{"local": [local], "remote": [remote]}]))
    admin.json(f"mapping create --rules {rules} {mark}-m")
    after(admin, f"mapping delete {mark}-m")
    assert f"{mark}-m" in {m["ID"] for m in admin.json("mapping list")}
    admin(f"mapping set --rules {rules} {mark}-m")
    assert "OIDC-sub" in str(admin.json(f"mapping show {mark}-m")["rules"])
    issuer = f"https://{mark}.example.org/"
    made = admin.json(f"identity provider create --remote-id {issuer} --description d {mark}")
    after(admin, f"domain delete {made['domain_id']}")
    after(admin, f"domain set --disable {made['domain_id']}")
    after(admin, f"identity provider delete {mark}")
    assert made["enabled"] is True and issuer in str(made["remote_ids"])
    admin(f"identity provider set --disable --description e {mark}")
    shown = admin.json(f"identity provider show {mark}")
    assert shown["enabled"] is False and shown["description"] == "e"
    assert mark in {p["ID"] for p in admin.json("identity provider list")}
    where = f"--identity-provider {mark}"
    admin.json(f"federation protocol create {where} --mapping {mark}-m openid")
    listed = admin.json(f"federation protocol list {where}")
    assert [(p["id"], p["mapping"]) for p in listed] == [("openid", f"{mark}-m")]
    assert admin.json(f"federation protocol show {where} openid")["mapping"] == f"{mark}-m"
    admin(f"federation protocol delete {where} openid")
    assert "demo" in names(demo.json("federation project list"))
    assert isinstance(demo.json("federation domain list"), list)
    assert "403" in demo("identity provider list", fails=True)


def test_policy_documents(admin, demo, after, tmp_path):
    rules = tmp_path / "rules"
    rules.write_text('{"a": "role:b"}')
    made = admin.json("policy create --type application/json", str(rules))
    after(admin, f"policy delete {made['id']}")
    rules.write_text("{}")
    admin(f"policy set {made['id']} --rules", str(rules))
    assert admin.json(f"policy show {made['id']}")["rules"] == "{}"
    assert made["id"] in {p["ID"] for p in admin.json("policy list")}
    assert "403" in demo("policy list", fails=True)


def test_application_credentials_and_access_rules(myself, project, user, mark, after):
    made = myself.json(f"application credential create --role member --description d {mark}-a")
    after(myself, f"application credential delete {mark}-a")
    assert made["Secret"] and made["Project ID"] == project["id"]
    assert f"{mark}-a" in names(myself.json("application credential list"))
    assert myself.json(f"application credential show {mark}-a")["Description"] == "d"
    url = myself.json("catalog show identity")["endpoints"][0]["url"]

    def connect(credential):
        return openstack.connect(
            auth_type="v3applicationcredential",
            auth={
                "auth_url": url,
                "application_credential_id": credential["ID"],
                "application_credential_secret": credential["Secret"],
            },
            region_name="RegionOne",
        )

    program = connect(made)
    assert program.current_project_id == project["id"]
    assert list(program.compute.servers()) == []
    with pytest.raises(exceptions.ForbiddenException):
        program.identity.create_application_credential(user["id"], f"{mark}-b")

    rules = '[{"path": "/v2.1/servers", "method": "GET", "service": "compute"}]'
    narrow = myself.json(
        *(f"application credential create --role member {mark}-n", "--access-rules", rules)
    )
    after(myself, f"application credential delete {mark}-n")
    listed = myself.json("access rule list")
    assert [(r["Method"], r["Path"]) for r in listed] == [("GET", "/v2.1/servers")]
    rule = myself.json(f"access rule show {listed[0]['ID']}")
    assert rule["Service"] == "compute"
    with connect(narrow) as only:
        assert only.compute.get("/servers").status_code == 200
        assert only.compute.get("/flavors").status_code in (401, 403)
    myself(f"application credential delete {mark}-n")
    myself(f"access rule delete {listed[0]['ID']}")
    assert myself.json("access rule list") == []
    myself(f"application credential delete {mark}-a")
    with pytest.raises(exceptions.SDKException):
        connect(made).authorize()


def test_a_program_logs_in_by_oauth2(myself, project, mark, after):
    made = myself.json(f"application credential create --role member {mark}-o")
    after(myself, f"application credential delete {mark}-o")
    url = myself.json("catalog show identity")["endpoints"][0]["url"]
    cloud = openstack.connect(
        auth_type="v3oauth2clientcredential",
        auth={
            "auth_url": url,
            "oauth2_endpoint": f"{url.rstrip('/')}/OS-OAUTH2/token",
            "oauth2_client_id": made["ID"],
            "oauth2_client_secret": made["Secret"],
        },
    )
    assert cloud.current_project_id == project["id"]
    assert cloud.session.get_auth_headers()["Authorization"].startswith("Bearer ")
    assert isinstance(list(cloud.network.networks()), list)


def test_a_program_logs_in_by_oauth1(admin, mark, after):
    made = admin.json(f"consumer create --description {mark}")
    after(admin, f"consumer delete {made['id']}")
    admin(f"consumer set --description {mark}-b {made['id']}")
    assert admin.json(f"consumer show {made['id']}")["description"] == f"{mark}-b"
    assert made["id"] in {row["ID"] for row in admin.json("consumer list")}
    key = f"--consumer-key {made['id']} --consumer-secret {made['secret']}"
    asked = admin.json(f"request token create {key} --project admin")
    # the command looks the role up, which only administrators may
    answer = admin.json(f"request token authorize --request-key {asked['id']} --role reader")
    got = admin.json(
        f"access token create {key} --request-key {asked['id']} --request-secret {asked['secret']}"
        f" --verifier {answer['oauth_verifier']}"
    )
    cloud = openstack.connect(
        auth_type="v3oauth1",
        auth={
            "auth_url": admin.json("catalog show identity")["endpoints"][0]["url"],
            "consumer_key": made["id"],
            "consumer_secret": made["secret"],
            "access_key": got["id"],
            "access_secret": got["secret"],
        },
    )
    assert cloud.current_project_id == admin.json("project show admin")["id"]
    assert isinstance(list(cloud.network.networks()), list)
    with pytest.raises(exceptions.ForbiddenException):
        cloud.identity.create_project(name=mark)


def test_service_providers(admin, demo, mark, after):
    urls = "--auth-url https://b.example.org/v3 --service-provider-url https://b.example.org/sp"
    made = admin.json(f"service provider create {urls} --description d {mark}")
    after(admin, f"service provider delete {mark}")
    assert made["enabled"] is True and made["relay_state_prefix"] == "ss:mem:"
    admin(f"service provider set --disable --description e {mark}")
    shown = admin.json(f"service provider show {mark}")
    assert shown["enabled"] is False and shown["description"] == "e"
    assert mark in {p["ID"] for p in admin.json("service provider list")}
    assert "403" in demo("service provider list", fails=True)


def test_credentials_trusts_and_limits(admin, myself, project, user, mark, after):
    keys = myself.json("ec2 credentials create")
    assert keys["access"] and keys["secret"]
    assert keys["access"] in {k["Access"] for k in myself.json("ec2 credentials list")}
    assert myself.json(f"ec2 credentials show {keys['access']}")["secret"] == keys["secret"]
    myself(f"ec2 credentials delete {keys['access']}")
    assert myself.json("ec2 credentials list") == []

    made = admin.json(f"credential create --type cert --project {project['id']} {mark}-u pem")
    assert made["blob"] == "pem"
    admin(f"credential set --user {mark}-u --type cert --data other {made['id']}")
    assert admin.json(f"credential show {made['id']}")["blob"] == "other"
    assert made["id"] in {c["ID"] for c in admin.json(f"credential list --user {mark}-u")}
    admin(f"credential delete {made['id']}")

    trustee = admin.json(f"user create --password {mark} {mark}-t")
    after(admin, f"user delete {mark}-t")
    role = admin.json("role show member")["id"]  # who may not list roles names them by id
    trust = myself.json(
        f"trust create --project {project['id']} --role {role} --impersonate "
        f"{user['id']} {trustee['id']}"
    )
    assert trust["is_impersonation"] is True and trust["trustor_user_id"] == user["id"]
    assert trust["id"] in {t["ID"] for t in myself.json(f"trust list --trustor {user['id']}")}
    assert myself.json(f"trust show {trust['id']}")["trustee_user_id"] == trustee["id"]
    url = myself.json("catalog show identity")["endpoints"][0]["url"]
    acting = openstack.connect(
        auth={
            "auth_url": url,
            "username": trustee["name"],
            "password": mark,
            "user_domain_id": "default",
            "trust_id": trust["id"],
        },
        region_name="RegionOne",
    )
    assert acting.current_user_id == user["id"] and acting.current_project_id == project["id"]
    myself(f"trust delete {trust['id']}")
    assert myself.json(f"trust list --trustor {user['id']}") == []

    common = admin.json(
        f"registered limit create --service compute --default-limit 10 {mark}-things"
    )
    after(admin, f"registered limit delete {common['id']}")
    admin(f"registered limit set --default-limit 20 {common['id']}")
    assert admin.json(f"registered limit show {common['id']}")["default_limit"] == 20
    assert common["id"] in {r["ID"] for r in admin.json("registered limit list")}
    limit = admin.json(
        f"limit create --service compute --project {project['id']} --resource-limit 5 {mark}-things"
    )
    after(admin, f"limit delete {limit['id']}")
    admin(f"limit set --resource-limit 6 {limit['id']}")
    assert admin.json(f"limit show {limit['id']}")["resource_limit"] == 6
    assert limit["id"] in {r["ID"] for r in admin.json(f"limit list --project {project['id']}")}
    admin(f"limit delete {limit['id']}")


def test_tokens_end(myself, demo):
    token = myself.json("token issue")["id"]
    assert "403" in demo(f"token revoke {token}", fails=True)
    myself(f"token revoke {token}")
    url = myself.json("catalog show identity")["endpoints"][0]["url"]
    with pytest.raises(Exception, match=r"40[14]|could not be found|Unauthorized"):
        openstack.connect(auth_type="token", auth={"auth_url": url, "token": token}).authorize()


def test_the_sdk_pages_through_users(config, admin, mark, after):
    identity = openstack.connect(cloud="devstack-admin").identity
    made = [identity.create_user(name=f"{mark}-{n}", password="x" * 12) for n in range(5)]
    try:
        listed = [u.id for u in identity.users(limit=2) if u.name.startswith(mark)]
        assert sorted(listed) == sorted(u.id for u in made)
        found = identity.find_user(f"{mark}-3", ignore_missing=False)
        assert identity.update_user(found, description="d").description == "d"
        with pytest.raises(exceptions.ConflictException):
            identity.create_user(name=f"{mark}-3")
    finally:
        for one in made:
            identity.delete_user(one)
    assert identity.find_user(f"{mark}-3") is None
