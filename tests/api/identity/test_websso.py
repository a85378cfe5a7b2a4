"""Logins by browser (web SSO), and tokens that only their provider can read, at a provider that is
started here."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from identity import config as identity_config
from identity.core import oidc, websso
from tests.api.identity.test_federation import FED, login, scoped, trust

DASHBOARD = "https://cloud.example.org/auth/websso/"
AUTH = "/v3/auth/OS-FEDERATION"
HERE = f"{AUTH}/identity_providers/corp/protocols/openid/websso"


@pytest.fixture
def cloud(make_cloud, provider):
    return make_cloud(
        **{
            "federation.oidc_clients": ["corp"],
            "federation.trusted_dashboard": [DASHBOARD],
            "oidc_corp.client_id": provider.client[0],
            "oidc_corp.client_secret": provider.client[1],
        }
    )


@pytest.fixture
def trusted(cloud, provider):
    return trust(cloud, provider)


class Browser:
    "What a browser does: cookies, and going where it is sent."

    def __init__(self, cloud):
        self.client = cloud.app.test_client()

    def get(self, url):
        return self.client.get(url, headers={"Accept": "text/html,*/*;q=0.8"})

    def begin(self, path=HERE, origin=DASHBOARD):
        return self.get(f"{path}?{urlencode({'origin': origin})}")

    def log_in(self, begun):
        "Through the provider's login page; the query that it sends along."
        assert begun.status_code == 302, begun.text
        sent = requests.get(begun.location, allow_redirects=False, timeout=5)
        assert sent.status_code == 302
        return sent.headers["Location"]

    def end(self, location):
        where = urlsplit(location)
        return self.get(f"{where.path}?{where.query}")

    def all(self):
        return self.end(self.log_in(self.begin()))


@pytest.fixture
def browser(cloud, trusted):
    return Browser(cloud)


def token_of(answer):
    assert answer.status_code == 200, answer.text
    return re.search(r'name="token" value="([^"]+)"', answer.text)[1]


class Given:
    "An answer with a token, as `scoped` and `using` want it."

    def __init__(self, token):
        self.headers = {"X-Subject-Token": token}
        self.json = {"token": None}


def refused(answer, why, status=401):
    assert answer.status_code == status, answer.text
    assert answer.content_type.startswith("text/html") and why in answer.text, answer.text
    assert "token" not in answer.headers.get("Set-Cookie", "") and "req-" in answer.text
    return True


def test_a_browser_comes_back_with_a_token(cloud, provider, trusted, browser):
    begun = browser.begin()
    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    assert f"Path={AUTH}/redirect_uri" in cookie
    assert provider.client[1] not in begun.location
    answer = browser.end(browser.log_in(begun))
    assert f'action="{DASHBOARD}"' in answer.text and "Max-Age=0" in answer.headers["Set-Cookie"]
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action https://cloud.example.org" in policy and "default-src 'none'" in policy
    assert answer.headers["Referrer-Policy"] == "origin"
    token = token_of(answer)
    body = scoped(cloud, Given(token), trusted["demo"]).json["token"]
    # the groups are told by the UserInfo endpoint only
    assert body["user"]["name"] == "ann" and "openid" in body["methods"]
    assert {role["name"] for role in body["roles"]} == {"member", "reader"}
    assert "idp=1" not in str(cloud.deps.http.cookies)


def test_no_log_has_what_a_login_is_made_of(cloud, provider, browser, caplog):
    caplog.set_level("DEBUG")
    location = browser.log_in(browser.begin())
    token = token_of(browser.end(location))
    code = parse_qs(urlsplit(location).query)["code"][0]
    log = "\n".join(record.getMessage() for record in caplog.records)
    assert "redirect_uri?code=(hidden)&" in log
    for secret in (token, code, provider.client[1]):
        assert secret not in log


def test_the_protocol_alone_finds_the_only_provider(cloud, provider, trusted, browser):
    assert browser.begin(f"{AUTH}/websso/openid").status_code == 302
    assert browser.client.post(f"{HERE}?origin={DASHBOARD}").status_code == 302
    assert refused(browser.begin(f"{AUTH}/websso/saml2"), "no identity provider", 403)


def test_only_a_trusted_dashboard_gets_a_token(cloud, browser):
    for origin in ("", "https://evil.example/auth/websso/", DASHBOARD[:-1], f"{DASHBOARD}x"):
        assert refused(browser.begin(origin=origin), "not a trusted dashboard")
    answer = browser.client.get(HERE)  # no browser
    assert answer.status_code == 401 and "trusted dashboard" in answer.json["error"]["message"]
    evil = "<script>alert(1)</script>"
    answer = browser.begin(origin=evil)
    assert evil not in answer.text and "&lt;script&gt;" in answer.text


def test_a_login_ends_in_the_browser_where_it_began(cloud, provider, browser, monkeypatch):
    location = browser.log_in(browser.begin())
    # a link to the end of somebody's login, sent to somebody else
    assert refused(Browser(cloud).end(location), "not begun in this browser")
    # the state of one login with the cookie of another
    other = browser.log_in(browser.begin())
    mixed = location.replace(
        parse_qs(urlsplit(location).query)["state"][0], parse_qs(urlsplit(other).query)["state"][0]
    )
    assert browser.end(other).status_code == 200
    assert refused(browser.end(mixed), "not begun in this browser")
    assert browser.end(location).status_code == 200
    assert refused(browser.end(location), "not begun in this browser")
    monkeypatch.setattr(websso, "LASTS_S", -1)
    answer = browser.begin()
    monkeypatch.undo()
    late = Browser(cloud)
    name, _, value = answer.headers["Set-Cookie"].split(";")[0].partition("=")
    late.client.set_cookie(name, value, path=f"{AUTH}/redirect_uri")
    assert refused(late.end(late.log_in(answer)), "too long ago")


def test_a_code_is_worth_nothing_twice_or_forged(cloud, provider, browser):
    begun = browser.begin()
    cookie = begun.headers["Set-Cookie"].split(";")[0].partition("=")
    location = browser.log_in(begun)
    assert browser.end(location).status_code == 200
    browser.client.set_cookie(cookie[0], cookie[2], path=f"{AUTH}/redirect_uri")
    assert refused(browser.end(location), "requires authentication")
    location = browser.log_in(browser.begin())
    assert refused(browser.end(re.sub(r"code=[^&]+", "code=guess", location)), "authentication")


def test_what_the_provider_says_instead_is_shown(cloud, provider, browser):
    provider.refuse = "access_denied"
    assert refused(browser.all(), "access_denied")
    provider.refuse = None
    location = browser.log_in(browser.begin())
    mixed = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fother.example", location)
    assert refused(browser.end(mixed), "another identity provider")


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "altostratus"},
        {"aud": ["altostratus-cloud", "x"], "azp": "x"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"sub": "43"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_of_this_login(cloud, provider, browser, wrong):
    provider.id_claims = wrong
    assert refused(browser.all(), "requires authentication")


def test_secrets_go_where_the_provider_wants_them(cloud, provider, browser):
    way = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    provider.documents_more = way
    assert token_of(browser.all())
    provider.client = (provider.client[0], "changed")
    assert refused(browser.all(), "requires authentication")


def test_no_secret_goes_by_http_to_another_host(cloud, provider, browser):
    provider.documents_more = {"token_endpoint": "http://far.example/token"}
    assert refused(browser.all(), "cannot be reached", 503)


def test_a_provider_that_is_off_or_unknown(cloud, provider, browser):
    location = browser.log_in(browser.begin())
    path = f"{FED}/identity_providers/corp"
    cloud.admin.ok("PATCH", path, json={"identity_provider": {"enabled": False}})
    assert refused(browser.begin(), "requires authentication")
    assert refused(browser.end(location), "requires authentication")
    answer = browser.begin(HERE.replace("corp", "other"))
    assert refused(answer, "Could not find identity provider", 404)
    cloud.admin.ok("PUT", path.replace("corp", "other"), json={"identity_provider": {}})
    cloud.admin.ok(
        "PUT",
        f"{path.replace('corp', 'other')}/protocols/openid",
        json={"protocol": {"mapping_id": "m"}},
    )
    assert refused(browser.begin(HERE.replace("corp", "other")), "not set up", 403)


def test_a_provider_that_is_away(cloud, provider, browser, monkeypatch):
    location = browser.log_in(browser.begin())
    monkeypatch.setattr(oidc, "_KEPT_S", -1)
    body = {"identity_provider": {"remote_ids": ["http://127.0.0.1:9/"]}}
    cloud.admin.ok("PATCH", f"{FED}/identity_providers/corp", json=body)
    assert refused(browser.begin(), "cannot be reached", 503)
    assert refused(browser.end(location), "requires authentication")


def test_an_opaque_token_is_looked_up_at_the_provider(cloud, provider, trusted):
    provider.opaque = {
        "ours": {"client_id": provider.client[0]},
        "for us": {"aud": ["x", "altostratus"], "client_id": "an app"},
        "another's": {"client_id": "an app", "aud": "an app"},
        "nobody's": {"client_id": provider.client[0], "sub": None},
        "over": {"client_id": provider.client[0], "exp": 1},
        "endless": {"client_id": provider.client[0], "exp": None},
        "foreign": {"client_id": provider.client[0], "iss": "https://other.example"},
    }
    for token in provider.opaque:
        answer = login(cloud, trusted, token)
        assert answer.status_code == (201 if token in ("ours", "for us") else 401), token
    answer = login(cloud, trusted, "ours")
    assert answer.json["token"]["user"]["name"] == "ann"
    assert scoped(cloud, answer, trusted["demo"]).status_code == 201
    assert login(cloud, trusted, "unknown").status_code == 401
    # a signed one is still read here
    asked = provider.asked
    assert login(cloud, trusted, provider.token()).status_code == 201
    assert provider.asked == asked


def test_a_client_without_a_name_is_an_error_at_once(tmp_path):
    with pytest.raises(ValueError, match="oidc_corp"):
        identity_config.load(**{"state_dir": str(tmp_path), "federation.oidc_clients": ["corp"]})
