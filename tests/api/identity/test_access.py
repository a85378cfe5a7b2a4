"Application credentials, trusts, EC2 credentials."

import base64
import hashlib
import hmac
import json


def app_auth(cloud, credential):
    secret = {"id": credential["id"], "secret": credential["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": secret}
    return cloud.anyone.post("/v3/auth/tokens", json={"auth": {"identity": identity}})


def make(cloud, client, **more):
    path = f"/v3/users/{client.body['user']['id']}/application_credentials"
    body = {"application_credential": {"name": "c", **more}}
    return client.ok("POST", path, json=body)["application_credential"], path


def test_an_application_credential_logs_in_until_it_is_deleted(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    credential, path = make(cloud, demo, roles=[{"name": "reader"}])
    token = app_auth(cloud, credential)
    assert [r["name"] for r in token.json["token"]["roles"]] == ["reader"]
    shown = demo.ok("GET", f"{path}/{credential['id']}")["application_credential"]
    assert "secret" not in shown
    client = cloud.using(token)
    assert client.post(path, json={"application_credential": {"name": "d"}}).status_code == 403
    assert demo.post(path, json={"application_credential": {"name": "c"}}).status_code == 409
    assert demo.delete(f"{path}/{credential['id']}").status_code == 204
    assert app_auth(cloud, credential).status_code == 401
    assert client.get("/v3/auth/projects").status_code == 401


def test_an_empty_list_of_access_rules_limits_nothing(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    credential, _ = make(cloud, demo, access_rules=[])
    token = app_auth(cloud, credential)
    assert "access_rules" not in credential
    assert "access_rules" not in token.json["token"]["application_credential"]


def test_access_rules_limit_what_a_token_may_ask(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    rules = [{"service": "identity", "method": "GET", "path": "/v3/auth/projects"}]
    credential, _ = make(cloud, demo, access_rules=rules)
    client = cloud.using(app_auth(cloud, credential))
    assert client.get("/v3/auth/projects").status_code == 200
    assert client.get("/v3/auth/domains").status_code in (401, 403)
    rule = demo.ok("GET", f"/v3/users/{demo.body['user']['id']}/access_rules")["access_rules"][0]
    in_use = demo.delete(f"/v3/users/{demo.body['user']['id']}/access_rules/{rule['id']}")
    assert in_use.status_code == 403


def test_nobody_makes_one_for_another_or_with_roles_they_lack(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    other = f"/v3/users/{cloud.admin.body['user']['id']}/application_credentials"
    assert demo.post(other, json={"application_credential": {"name": "x"}}).status_code == 403
    own = f"/v3/users/{demo.body['user']['id']}/application_credentials"
    body = {"application_credential": {"name": "x", "roles": [{"name": "admin"}]}}
    assert demo.post(own, json=body).status_code == 400
    late = {"application_credential": {"name": "x", "expires_at": "2001-01-01T00:00:00"}}
    assert demo.post(own, json=late).status_code == 400


def trust_body(demo, trustee, **more):
    return {
        "trust": {
            "trustor_user_id": demo.body["user"]["id"],
            "trustee_user_id": trustee,
            "project_id": demo.body["project"]["id"],
            "roles": [{"name": "member"}],
            "impersonation": False,
            **more,
        }
    }


def test_a_trust_lets_the_trustee_in_as_often_as_it_says(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    ann = cloud.user("ann")["id"]
    trust = demo.ok("POST", "/v3/OS-TRUST/trusts", json=trust_body(demo, ann, remaining_uses=1))[
        "trust"
    ]
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    client = cloud.log_in("ann", "secret", scope=scope)
    assert client.body["project"]["name"] == "demo" and client.body["user"]["id"] == ann
    assert cloud.auth("ann", "secret", scope).status_code == 401
    assert cloud.auth("demo", "demopw", scope).status_code == 401
    too_much = trust_body(demo, ann, roles=[{"name": "admin"}])
    assert demo.post("/v3/OS-TRUST/trusts", json=too_much).status_code == 403


def test_a_trust_with_impersonation_ends_with_its_deletion(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    ann = cloud.user("ann")["id"]
    trust = demo.ok("POST", "/v3/OS-TRUST/trusts", json=trust_body(demo, ann, impersonation=True))[
        "trust"
    ]
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    client = cloud.log_in("ann", "secret", scope=scope)
    assert client.body["user"]["name"] == "demo"
    assert client.body["OS-TRUST:trust"]["trustee_user"]["id"] == ann
    again = {
        "auth": {"identity": {"methods": ["token"], "token": {"id": client.token}}, "scope": scope}
    }
    assert cloud.anyone.post("/v3/auth/tokens", json=again).status_code in (401, 403)
    assert demo.delete(f"/v3/OS-TRUST/trusts/{trust['id']}").status_code == 204
    assert client.get("/v3/auth/projects").status_code == 401
    assert cloud.auth("ann", "secret", scope).status_code == 401


def test_ec2_and_s3_signatures(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    path = f"/v3/users/{demo.body['user']['id']}/credentials/OS-EC2"
    pair = demo.ok("POST", path, json={"tenant_id": demo.body["project"]["id"]})["credential"]
    service = cloud.log_in("image", "imagepw", project="service")
    text = b"GET\n\n\nThu, 17 Nov 2005 18:49:58 GMT\n/b/k"
    signature = base64.b64encode(hmac.digest(pair["secret"].encode(), text, "sha1")).decode()
    signed = {
        "access": pair["access"],
        "signature": signature,
        "token": base64.urlsafe_b64encode(text).decode(),
    }
    answer = service.post("/v3/s3tokens", json={"credentials": signed})
    assert answer.status_code == 200 and answer.json["token"]["project"]["name"] == "demo"
    signed["signature"] = signature[::-1]
    assert service.post("/v3/s3tokens", json={"credentials": signed}).status_code == 401
    assert demo.post("/v3/s3tokens", json={"credentials": signed}).status_code == 403
    assert "signing_key" not in answer.json
    text = b"AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/us-east-1/s3/aws4_request\n" + b"0" * 64
    key = b"AWS4" + pair["secret"].encode()
    for part in (b"20260101", b"us-east-1", b"s3", b"aws4_request"):
        key = hmac.digest(key, part, "sha256")
    signed |= {
        "token": base64.urlsafe_b64encode(text).decode(),
        "signature": hmac.digest(key, text, "sha256").hex(),
    }
    answer = service.post("/v3/s3tokens", json={"credentials": signed})
    assert answer.json["signing_key"] == key.hex() and answer.headers["X-Subject-Token"]
    signed["signature"] = "0" * 64
    assert service.post("/v3/s3tokens", json={"credentials": signed}).status_code == 401
    params = {
        "SignatureVersion": "2",
        "SignatureMethod": "HmacSHA256",
        "Action": "x y",
        "AWSAccessKeyId": pair["access"],
    }
    query = (
        "AWSAccessKeyId="
        + pair["access"]
        + "&Action=x%20y&SignatureMethod=HmacSHA256&SignatureVersion=2"
    )
    string = f"GET\nhost\n/p\n{query}".encode()
    ec2 = {
        "access": pair["access"],
        "signature": base64.b64encode(
            hmac.digest(pair["secret"].encode(), string, "sha256")
        ).decode(),
        "verb": "GET",
        "host": "host:8773",
        "path": "/p",
        "params": params,
    }
    assert service.post("/v3/ec2tokens", json={"ec2Credentials": ec2}).status_code == 200
    assert demo.ok("GET", f"{path}/{pair['access']}")["credential"]["secret"] == pair["secret"]
    assert demo.delete(f"{path}/{pair['access']}").status_code == 204


def test_credentials_are_encrypted_and_private(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    own = {"type": "cert", "blob": "very secret", "user_id": demo.body["user"]["id"]}
    made = demo.ok("POST", "/v3/credentials", json={"credential": own})["credential"]
    from identity.core import credentials
    from identity.store import rows
    from identity.store.models import Credential

    with cloud.deps.db.read() as session:
        stored = rows.get(session, Credential, made["id"], "credential").blob
    assert "secret" not in stored
    assert credentials.rotate(cloud.deps) == 1
    assert demo.ok("GET", f"/v3/credentials/{made['id']}")["credential"]["blob"] == "very secret"
    assert [c["id"] for c in demo.ok("GET", "/v3/credentials")["credentials"]] == [made["id"]]
    other = {"type": "cert", "blob": "x", "user_id": cloud.admin.body["user"]["id"]}
    assert demo.post("/v3/credentials", json={"credential": other}).status_code == 403
    pair = {"access": "AKIA", "secret": "s"}
    ec2 = {"type": "ec2", "blob": json.dumps(pair), "project_id": demo.body["project"]["id"]}
    row = demo.ok("POST", "/v3/credentials", json={"credential": ec2})["credential"]
    assert row["id"] == hashlib.sha256(b"AKIA").hexdigest()


def test_roles_given_since_the_token_can_be_delegated(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    body = {"role": {"name": "late"}}
    role = cloud.admin.ok("POST", "/v3/roles", json=body)["role"]
    wanted = {"roles": [{"id": role["id"]}]}
    path = f"/v3/users/{demo.body['user']['id']}/application_credentials"
    early = demo.post(path, json={"application_credential": {"name": "a", **wanted}})
    assert early.status_code == 400
    cloud.grant(demo.body["user"]["id"], "late", demo.body["project"]["id"])
    made = demo.post(path, json={"application_credential": {"name": "a", **wanted}})
    assert made.status_code == 201, made.text


def test_own_things_that_are_not_there_are_not_found(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    path = f"/v3/users/{demo.body['user']['id']}/credentials/OS-EC2"
    assert demo.get(f"{path}/nope").status_code == 404
    assert demo.delete(f"{path}/nope").status_code == 404
    assert demo.get("/v3/OS-TRUST/trusts/nope").status_code == 404
    admin = cloud.id_of("users", "admin")
    pair = cloud.admin.ok(
        "POST",
        f"/v3/users/{admin}/credentials/OS-EC2",
        json={"tenant_id": cloud.id_of("projects", "admin")},
    )["credential"]
    assert demo.get(f"{path}/{pair['access']}").status_code == 404, "it is not demo's"
    assert cloud.admin.get(f"{path}/{pair['access']}").status_code == 404
