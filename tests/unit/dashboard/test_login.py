"Logging in and out, the choice of project, and how sessions end."

import re
import time

import pytest

from tests.unit.dashboard.conftest import Browser


def test_a_page_asks_to_log_in_and_returns_to_it(browser):
    answer = browser.get("/servers?q=web", 303)
    assert answer.location == "/login?next=/servers%3Fq%3Dweb"
    browser.get(answer.location)
    answer = browser.post(
        "/login", 303, username="demo", password="secret", domain="Default", next="/servers?q=web"
    )
    assert answer.location == "/servers?q=web"
    assert "Servers" in browser.get("/servers").text


def test_a_wrong_password_says_so_and_keeps_the_name(browser):
    browser.get("/login")
    answer = browser.post("/login", 401, username="demo", password="wrong", domain="Default")
    assert (
        "do not match" in answer.text
        and 'value="demo"' in answer.text
        and "wrong" not in answer.text
    )


def test_identity_being_down_is_a_sentence(browser, cloud):
    cloud.down.add("identity")
    browser.get("/login")
    assert (
        "identity service does not answer"
        in browser.post("/login", 503, username="demo", password="secret").text
    )


def test_a_one_time_code_is_asked_for_when_identity_wants_one(browser, cloud):
    cloud.world.users["demo"]["totp"] = "123456"
    browser.get("/login")
    answer = browser.post("/login", 200, username="demo", password="secret", domain="Default")
    assert "One-time code" in answer.text and "secret" not in answer.text
    assert "do not match" in browser.post("/login", 401, passcode="000000").text
    browser.post("/login", 303, passcode="123456")
    browser.get("/")


def test_an_application_credential_logs_in_to_its_project(browser, cloud, demo):
    made = demo.post("/access/application/create", 200, name="robot", days="1")
    key = re.search(r"application_credential_id: &#34;(\w+)&#34;", made.text)[1]
    secret = re.search(r"application_credential_secret: &#34;([\w-]+)&#34;", made.text)[1]
    browser.get("/login")
    browser.post("/login", 303, kind="credential", credential_id=key, secret=secret)
    assert "demo" in browser.get("/").text
    answer = browser.post("/switch", 403, project=cloud.world.projects["other"]["id"])
    assert "bound to its project" in answer.text


def test_switching_the_project_shows_the_other_one_and_ends_the_old_token(demo, cloud):
    cloud.world.add_server("in-demo")
    assert "in-demo" in demo.get("/servers").text
    before = set(cloud.world.tokens)
    demo.get("/projects-menu")
    demo.post("/switch", 303, project=cloud.world.projects["other"]["id"])
    assert "in-demo" not in demo.get("/servers").text
    assert not before & {t for t, v in cloud.world.tokens.items() if v["user"]["name"] == "demo"}


def test_a_project_without_a_role_is_refused(demo, cloud):
    assert "no role" in demo.post("/switch", 401, project=cloud.world.projects["admin"]["id"]).text


def test_somebody_in_no_project_gets_a_page_that_says_so(browser, cloud):
    cloud.world.grants = []
    browser.login("demo")
    assert "no project yet" in browser.get("/").text


def test_a_stolen_cookie_is_worthless_after_logout(demo, app):
    stolen = demo.client.get_cookie("altostratus_session").value
    thief = Browser(app.test_client())
    thief.client.set_cookie("altostratus_session", stolen)
    thief.get("/servers")
    demo.post("/logout", 303)
    assert demo.get("/servers", 303).location.startswith("/login")
    thief.client.set_cookie("altostratus_session", stolen)
    assert thief.get("/servers", 303).location.startswith("/login")
    thief.client.set_cookie("altostratus_session", stolen)
    assert thief.get("/access/openrc", 303).location.startswith("/login")


def test_a_stolen_cookie_is_worthless_in_another_process_too(demo, make_dashboard):
    other = Browser(make_dashboard().test_client())
    stolen = demo.client.get_cookie("altostratus_session").value
    other.client.set_cookie("altostratus_session", stolen)
    other.get("/servers")
    demo.post("/logout", 303)
    assert other.get("/servers", 303).location.startswith("/login")


def test_logout_works_while_identity_is_down(demo, cloud):
    cloud.down.add("identity")
    demo.post("/logout", 303)
    assert demo.client.get_cookie("altostratus_session") is None


@pytest.mark.parametrize("idle_s, status", [(60, 303), (7200, 200)])
def test_a_session_ends_when_nobody_clicks(make_dashboard, monkeypatch, idle_s, status):
    person = Browser(make_dashboard(**{"session.idle_s": idle_s}).test_client()).login("demo")
    now = time.time()
    monkeypatch.setattr("dashboard.session.time.time", lambda: now + 120)
    answer = person.get("/servers", status)
    if status == 303:
        assert answer.location == "/login?next=/servers&why=idle"
        assert "away for a while" in person.get(answer.location).text


def test_an_expired_token_leads_to_the_login_page_also_from_htmx(demo, cloud, app):
    cloud.world.tokens.clear()
    app.extensions["dashboard"].known.forget()
    answer = demo.get(
        "/servers",
        401,
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/servers?q=a"},
    )
    assert answer.headers["HX-Redirect"] == "/login?next=/servers%3Fq%3Da&why=expired"


def test_a_token_that_an_api_refuses_ends_the_session(demo, cloud):
    cloud.failing["compute"] = (401, '{"error": {"message": "no"}}')
    assert demo.get("/servers", 303).location == "/login?next=/servers&why=expired"


def test_the_session_cookie_is_opaque_httponly_and_samesite(browser):
    browser.get("/login")
    answer = browser.post("/login", 303, username="demo", password="secret", domain="Default")
    cookie = next(
        c for c in answer.headers.getlist("Set-Cookie") if c.startswith("altostratus_session=")
    )
    assert (
        "HttpOnly" in cookie
        and "SameSite=Lax" in cookie
        and "Path=/" in cookie
        and "Secure" not in cookie
    )
    answer = browser.client.post(
        "/login",
        data={"csrf_token": browser.csrf, "username": "demo", "password": "secret"},
        base_url="https://localhost",
    )
    assert len(cookie) < 4000


def test_https_makes_the_cookie_secure(app):
    client = app.test_client()
    page = client.get("/login", base_url="https://cloud.example")
    cookie = next(
        c for c in page.headers.getlist("Set-Cookie") if c.startswith("altostratus_session=")
    )
    assert "Secure" in cookie and "Strict-Transport-Security" in page.headers


def test_a_forged_or_damaged_cookie_is_nobody(browser, demo):
    good = demo.client.get_cookie("altostratus_session").value
    for bad in ("x", good[:-4] + "AAAA", good[:40]):
        browser.client.set_cookie("altostratus_session", bad)
        browser.get("/", 303)


def test_login_starts_a_new_session(browser):
    browser.get("/login")
    before = browser.csrf
    browser.login("demo")
    assert browser.csrf != before
