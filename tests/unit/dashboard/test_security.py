"""Markup in names, forged requests, redirects, frames and header splitting; the rules that every
page keeps."""

import html.parser
import re

import pytest

from dashboard.security import local_path
from tests.unit.dashboard.routes import paths

EVIL = "\"><img src=x onerror=alert(1)><script>alert('x')</script>{{7*7}}'"
SAFE_FETCH = {"events.stream"}


class Page(html.parser.HTMLParser):
    "Finds what a strict policy forbids, and tags that came out of data."

    def __init__(self, text):
        super().__init__()
        self.bad = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "script" and "src" not in given:
            self.bad.append("inline script")
        if tag == "style" or "style" in given:
            self.bad.append(f"inline style on {tag}")
        if tag == "img" and given.get("src") == "x":
            self.bad.append("injected image")
        self.bad += [f"{name} on {tag}" for name in given if name.startswith("on")]
        self.bad += [
            f"{name}={value}"
            for name, value in attrs
            if name in ("href", "src", "action")
            and re.match(r"(?i)\s*(javascript|data):|//", value or "")
        ]


def fill_with_evil(world):
    demo = world.projects["demo"]
    for thing in (
        *world.images.values(),
        *world.flavors.values(),
        *world.users.values(),
        *world.roles.values(),
    ):
        if thing["name"] not in ("admin", "demo", "viewer", "member", "reader", "manager"):
            thing["name"] = EVIL
    server = world.add_server(
        EVIL,
        metadata={EVIL: EVIL},
        description=EVIL,
        key_name=EVIL,
        status="ERROR",
        fault={"message": EVIL},
        locked=True,
        locked_reason=EVIL,
        tags=[EVIL],
    )
    world.actions[server["id"]][0] |= {"action": EVIL, "message": EVIL}
    for kind in world.network:
        for thing in world.network[kind].values():
            thing |= {"name": EVIL, "description": EVIL}
    group = next(iter(world.network["security_groups"].values()))
    group["security_group_rules"].append(
        {
            "id": "r",
            "direction": "ingress",
            "protocol": EVIL,
            "port_range_min": None,
            "port_range_max": None,
            "remote_ip_prefix": EVIL,
            "remote_group_id": None,
            "ethertype": EVIL,
            "description": EVIL,
        }
    )
    world.keypairs[EVIL] = {
        "name": EVIL,
        "type": EVIL,
        "fingerprint": EVIL,
        "public_key": "x",
        "user_id": "u",
    }
    world.containers["box"] = {
        EVIL: (EVIL.encode(), "text/plain", {}),
        "page.html": (b"<script>alert(1)</script>", "text/html", {}),
        f"{EVIL}/in": (b"", "text/plain", {}),
    }
    world.containers[EVIL] = {}
    world.aggregates[1] = {
        "id": 1,
        "name": EVIL,
        "hosts": [EVIL],
        "metadata": {EVIL: EVIL},
        "availability_zone": EVIL,
    }
    world.services[0] |= {"disabled_reason": EVIL, "zone": EVIL}
    world.credentials["c"] = {
        "id": "c",
        "name": EVIL,
        "description": EVIL,
        "roles": [{"name": EVIL}],
        "expires_at": EVIL,
        "user": world.users["admin"],
        "project": demo,
        "secret": "s",
    }
    demo["description"] = EVIL
    return server


def test_markup_in_every_name_is_only_text_on_every_page(app, cloud, admin):
    server = fill_with_evil(cloud.world)
    admin.post("/switch", 303, project=cloud.world.projects["demo"]["id"])
    seen = 0
    pages = [path for _, path in paths(app, cloud, "GET")] + [
        f"/servers/{server['id']}?tab={t}"
        for t in ("log", "interfaces", "snapshots", "actions", "charts")
    ]
    pages += [
        "/search?q=script",
        f"/objects/box/show?name={EVIL.replace('{', '%7B').replace('&', '%26')}",
        "/objects/box",
        "/servers?q=%3Cscript%3E",
    ]
    for path in pages:
        if path == "/events" or "/file" in path or "usage" in path:
            continue
        answer = admin.client.get(path)
        assert answer.status_code in (200, 303, 400, 404), (
            path,
            answer.status_code,
            answer.text[-300:],
        )
        if "html" not in answer.content_type:
            continue
        assert Page(answer.text).bad == [], path
        assert "49'" not in answer.text, path
        seen += answer.text.count("&lt;script&gt;")
    assert seen > 60


def test_evil_names_survive_a_form_that_is_refused(demo):
    demo.get("/networks/create")
    answer = demo.post("/networks/create", (200, 303, 400), name=EVIL * 9)
    assert Page(answer.text).bad == []


def test_no_page_has_anything_inline(app, cloud, admin):
    cloud.world.add_server("web")
    for _, path in paths(app, cloud, "GET"):
        if path == "/events":
            continue
        answer = admin.client.get(path)
        if "html" in answer.content_type:
            assert Page(answer.text).bad == [], path


def test_every_change_needs_the_csrf_token(app, cloud, admin):
    cloud.world.add_server("web")
    before = len([1 for method, _ in cloud.log if method != "GET"])
    for endpoint, path in [
        *paths(app, cloud, "POST"),
        ("auth.login", "/login"),
        ("auth.logout", "/logout"),
    ]:
        for data in ({}, {"csrf_token": "forged"}):
            answer = admin.client.post(path, data=data)
            assert answer.status_code == 400, (endpoint, answer.status_code)
    assert len([1 for method, _ in cloud.log if method != "GET"]) == before


def test_the_csrf_token_of_somebody_else_is_refused(demo, viewer):
    demo.csrf = viewer.csrf
    demo.post("/networks/create", 400, name="x")


def test_changes_cannot_be_made_with_get(app, cloud, admin):
    server = cloud.world.add_server("web")
    admin.get(f"/servers/{server['id']}/do/delete", 405)
    admin.get("/logout", 405)
    assert server["id"] in cloud.world.servers


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "evil",
        "",
        "/é",
    ],
)
def test_no_redirect_leaves_the_site(browser, target):
    browser.get("/login")
    answer = browser.post(
        "/login", 303, username="demo", password="secret", domain="Default", next=target
    )
    assert answer.location == "/"
    assert local_path(target) == "/"


def test_good_targets_stay():
    assert local_path("/servers?q=a&marker=b") == "/servers?q=a&marker=b"


def test_htmx_cannot_be_sent_elsewhere_by_its_current_url(demo, cloud, app):
    cloud.world.tokens.clear()
    app.extensions["dashboard"].known.forget()
    answer = demo.get(
        "/servers",
        401,
        headers={"HX-Request": "true", "HX-Current-URL": "http://evil.example//evil.example/"},
    )
    assert answer.headers["HX-Redirect"] == "/login?next=/&why=expired"


def test_every_answer_forbids_framing_sniffing_and_foreign_scripts(app, cloud, admin, browser):
    cloud.world.add_server("web")
    for client, path in [
        (browser.client, "/login"),
        (browser.client, "/nowhere"),
        *[(admin.client, p) for _, p in paths(app, cloud, "GET") if p != "/events"],
    ]:
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src" not in policy or "script-src 'self'" in policy
        assert "unsafe-eval" not in policy and "*" not in policy
        if "/console/" in path:
            assert (
                "frame-ancestors 'self'" in policy
                and "connect-src 'self' ws://127.0.0.1:1" in policy
            )
        else:
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe-inline" not in policy
            assert answer.headers.get("X-Frame-Options") == "DENY" or "/file" in path


def test_a_stored_page_never_runs_here(demo, cloud):
    cloud.world.containers["box"] = {
        "page.html": (b"<script>alert(1)</script>", "text/html", {}),
        "x.svg": (b"<svg onload=alert(1)>", "image/svg+xml", {}),
        "p.png": (b"png", "image/png", {}),
    }
    for name in ("page.html", "x.svg"):
        answer = demo.get(f"/objects/box/file?name={name}")
        assert answer.content_type == "application/octet-stream"
        assert (
            answer.headers["Content-Disposition"].startswith("attachment")
            and "sandbox" in answer.headers["Content-Security-Policy"]
        )
    picture = demo.get("/objects/box/file?name=p.png")
    assert picture.content_type == "image/png" and picture.headers[
        "Content-Disposition"
    ].startswith("inline")


def test_header_injection_by_names(demo, cloud):
    name = "a\r\nSet-Cookie: evil=1\r\n\r\n<b>"
    cloud.world.containers["box"] = {name: (b"x", "text/plain", {})}
    answer = demo.get("/objects/box/file", query_string={"name": name, "download": "1"})
    assert "evil" not in {c.split("=")[0] for c in answer.headers.getlist("Set-Cookie")}
    assert (
        "\r" not in answer.headers["Content-Disposition"]
        and "\n" not in answer.headers["Content-Disposition"]
    )
    server = cloud.world.add_server("x")
    cloud.failing["compute"] = (
        409,
        '{"conflictingRequest": {"message": "a\\r\\nSet-Cookie: evil=1", "code": 409}}',
    )
    answer = demo.post(f"/servers/{server['id']}/do/start", 409, htmx=True)
    assert "Set-Cookie" not in dict(answer.headers) or "evil" not in answer.headers["Set-Cookie"]
    assert all("\n" not in value and "\r" not in value for value in answer.headers.values())


def test_names_cannot_climb_to_other_api_paths(demo, admin, cloud):
    demo.get("/projects-menu")
    demo.post("/keypairs/delete?ids=..%2Fservers%2Fabc", (204, 303, 409))
    assert not any(path.startswith("/compute/v2.1/servers/abc") for _, path in cloud.log)
    admin.post("/admin/users/..%2Fprojects/disable", (404, 308))
    demo.post("/networks/delete", (303, 404, 409), ids="../../identity/v3/users")
    assert not any("identity/v3/users" in path and method == "DELETE" for method, path in cloud.log)


def test_files_outside_the_static_folder_are_not_served(browser):
    for path in ("/static/x/../app.py", "/static/x/..%2fapp.py", "/static/x//etc/passwd"):
        assert browser.client.get(path).status_code in (301, 308, 404)


def test_no_password_or_token_in_a_log(browser, cloud, caplog, capfd):
    with caplog.at_level("DEBUG"):
        browser.login("demo")
        browser.get("/servers")
        browser.post("/login", (303, 401), username="demo", password="hunter2", domain="Default")
    token = next(iter(cloud.world.tokens))
    said = caplog.text + "".join(capfd.readouterr())
    assert token not in said and "hunter2" not in said and "'secret'" not in said
