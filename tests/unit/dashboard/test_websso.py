"Logging in at an identity provider: what leaves the dashboard and what it lets in."

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fakes.cloud_api.identity import issue
from tests.unit.dashboard.conftest import Browser

OFFERED = {"corp/openid": "Company account", "a b/x": "Odd"}


@pytest.fixture
def app(make_dashboard):
    return make_dashboard(**{"login.websso": OFFERED})


def come_back(browser, cloud, token=None):
    if token is None:
        token, _ = issue(cloud.world, cloud.world.users["demo"], None, ["openid"])
    headers = {"Origin": cloud.url}
    return browser.client.post("/auth/websso/", data={"token": token}, headers=headers)


def test_the_page_offers_the_providers_and_sends_people_to_identity(browser, cloud):
    page = browser.get("/login?next=/servers").text
    assert "Company account" in page and "Password" in page
    answer = browser.get("/login/websso/corp/openid?next=/servers", 302)
    where = urlsplit(answer.location)
    assert answer.location.startswith(f"{cloud.url}/identity/v3/auth/OS-FEDERATION/")
    assert where.path.endswith("/identity_providers/corp/protocols/openid/websso")
    assert parse_qs(where.query) == {"origin": ["http://localhost/auth/websso/"]}
    odd = browser.get("/login/websso/a%20b/x", 302)
    assert "/identity_providers/a%20b/protocols/x/" in odd.location
    browser.get("/login/websso/corp/saml2", 404)
    browser.get("/login/websso/other", 404)


def test_the_address_of_identity_for_browsers_may_be_another(make_dashboard):
    options = {"login.websso": OFFERED, "login.identity_url": "https://cloud.example:5000/v3/"}
    browser = Browser(make_dashboard(**options).test_client())
    answer = browser.get("/login/websso/corp/openid", 302)
    assert answer.location.startswith("https://cloud.example:5000/v3/auth/OS-FEDERATION/")


def test_nothing_is_offered_without_providers(make_dashboard):
    browser = Browser(make_dashboard().test_client())
    assert "/login/websso" not in browser.get("/login").text
    browser.get("/login/websso/corp/openid", 404)


def test_a_token_from_identity_logs_in_to_a_project(browser, cloud):
    browser.get("/login/websso/corp/openid?next=/servers", 302)
    answer = come_back(browser, cloud)
    assert answer.status_code == 303 and answer.location == "/servers"
    page = browser.get("/servers").text
    assert "demo" in page and "Log out" in page
    # without the cookie of the page before, as between sites: to the first page
    other = Browser(browser.client.application.test_client())
    answer = come_back(other, cloud)
    assert answer.location == "/"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_nobody_else_may_log_people_in(browser, cloud, origin):
    token, _ = issue(cloud.world, cloud.world.users["demo"], None, ["openid"])
    headers = {"Origin": origin} if origin else {}
    answer = browser.client.post("/auth/websso/", data={"token": token}, headers=headers)
    assert answer.status_code == 403 and "not sent by the identity service" in answer.text
    browser.get("/servers", 303)


def test_a_token_that_is_none_and_an_identity_that_is_away(browser, cloud):
    answer = come_back(browser, cloud, token="junk")
    assert answer.status_code == 401 and "does not know this login" in answer.text
    cloud.down.add("identity")
    answer = come_back(browser, cloud, token="junk")
    assert answer.status_code == 503 and "does not answer" in answer.text
