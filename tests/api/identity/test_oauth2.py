"Client credentials of OAuth 2.0: the client is an application credential, the token a bearer's."

import base64

import pytest

from tests.api.identity.test_access import make

PATH = "/v3/OS-OAUTH2/token"
FORM = "application/x-www-form-urlencoded"


def ask(cloud, client_id, secret, grant="client_credentials", **more):
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    return cloud.anyone.post(PATH, data={"grant_type": grant, **more}, headers=headers)


def test_a_client_gets_a_bearer_token(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    credential, path = make(cloud, demo, roles=[{"name": "reader"}])
    answer = ask(cloud, credential["id"], credential["secret"])
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.json["token_type"] == "Bearer" and answer.json["expires_in"] > 3000
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    projects = cloud.anyone.get("/v3/auth/projects", headers=bearer)
    assert [p["name"] for p in projects.json["projects"]] == ["demo"]
    data = {
        "grant_type": "client_credentials",
        "client_id": credential["id"],
        "client_secret": credential["secret"],
    }
    assert cloud.anyone.post(PATH, data=data).status_code == 200
    assert demo.delete(f"{path}/{credential['id']}").status_code == 204
    assert cloud.anyone.get("/v3/auth/projects", headers=bearer).status_code == 401
    gone = ask(cloud, credential["id"], credential["secret"])
    assert gone.status_code == 401 and gone.json["error"] == "invalid_client"


def test_what_is_refused(cloud):
    demo = cloud.log_in("demo", "demopw", project="demo")
    credential, _ = make(cloud, demo)
    wrong = ask(cloud, credential["id"], "wrong")
    assert wrong.status_code == 401 and wrong.json["error"] == "invalid_client"
    assert wrong.headers["WWW-Authenticate"].startswith("Keystone uri=")
    assert ask(cloud, "", "").status_code == 401
    other = ask(cloud, credential["id"], credential["secret"], "password")
    assert other.status_code == 400 and other.json["error"] == "unsupported_grant_type"
    none = ask(cloud, credential["id"], credential["secret"], "")
    assert none.status_code == 400 and none.json["error"] == "invalid_request"
    assert cloud.anyone.post(PATH, json={"grant_type": "client_credentials"}).status_code == 400
    large = ask(cloud, credential["id"], credential["secret"], more="x" * 9000)
    assert large.status_code == 400


@pytest.mark.parametrize("text", ["Bearer", "Bearer ", "Bearer x", "bearer a b", "Basic eDp5"])
def test_other_authorizations_are_nobodys(cloud, text):
    answer = cloud.anyone.get("/v3/auth/projects", headers={"Authorization": text})
    assert answer.status_code == 401
