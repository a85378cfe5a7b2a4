"Every page: rights, accessibility, narrow screens, dark mode, pictures."

import json
from pathlib import Path

import pytest

AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
MINE = (
    "/",
    "/servers",
    "/servers/launch",
    "/images",
    "/images/create",
    "/keypairs",
    "/flavors",
    "/networks",
    "/networks/create",
    "/routers",
    "/security-groups",
    "/floating-ips",
    "/topology",
    "/objects",
    "/access",
    "/access/application/create",
)
ADMIN = (
    "/admin/hypervisors",
    "/admin/servers",
    "/admin/services",
    "/admin/aggregates",
    "/admin/projects",
    "/admin/users",
    "/admin/roles",
    "/admin/system",
    "/admin/events",
)


def name_of(path):
    return path.strip("/").replace("/", "-") or "overview"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page, scheme):
    page = open_page("admin", color_scheme=scheme, bypass_csp=True)
    faults = []
    for path in (*MINE, *ADMIN):
        page.goto(path)
        page.wait_for_selector("h1")
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        faults += [
            f"{path}: {v['id']}: {v['nodes'][0]['html'][:160]}"
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
    assert faults == [], json.dumps(faults, indent=1)


def test_the_login_page_is_accessible(site, chromium):
    page = chromium.new_context(base_url=site.url, bypass_csp=True).new_page()
    page.goto("/login")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")
    assert [v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")] == []


def test_nothing_is_wider_than_a_phone(open_page, shot):
    page = open_page(
        "admin",
    )
    page.set_viewport_size({"width": 360, "height": 740})
    wide = []
    for path in (*MINE, *ADMIN):
        page.goto(path)
        page.wait_for_selector("h1")
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            wide.append((path, over))
        if path in ("/", "/servers", "/servers/launch"):
            shot(page, f"phone-{name_of(path)}")
    assert wide == []


def test_dark_mode_follows_the_system_and_can_be_chosen(open_page, shot):
    page = open_page("demo", color_scheme="dark")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    shot(page, "dark-overview")
    page.goto("/servers")
    shot(page, "dark-servers")
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-bs-theme=light]")
    for _ in range(2):
        page.click("[data-theme-toggle]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_the_administrators_pages(open_page, shot):
    page = open_page("admin")
    for path in ADMIN:
        page.goto(path)
        page.wait_for_selector("h1")
        page.wait_for_timeout(300)
        assert page.locator(".part-problem").count() == 0, (path, page.inner_text("main"))
        shot(page, name_of(path))


def test_every_page_of_a_member(open_page, shot):
    page = open_page("demo")
    for path in MINE:
        page.goto(path)
        page.wait_for_selector("h1")
        assert page.locator(".part-problem").count() == 0, (path, page.inner_text("main"))
        shot(page, name_of(path))


def test_a_member_has_no_admin_pages(open_page):
    page = open_page("demo")
    assert page.locator("a[href^='/admin']").count() == 0
    for path in ADMIN:
        assert page.goto(path).status == 403
        assert "Not allowed" in page.inner_text("main")


def test_a_reader_has_no_buttons_and_gets_403(open_page):
    page = open_page("viewer")
    for path in (
        "/servers",
        "/networks",
        "/images",
        "/floating-ips",
        "/routers",
        "/security-groups",
        "/objects",
        "/keypairs",
    ):
        page.goto(path)
        assert page.locator("main a.btn-primary, main [hx-post]").count() == 0, path
    for path in ("/servers/launch", "/networks/create", "/images/create", "/floating-ips/create"):
        assert page.goto(path).status == 403


def test_live_updates_are_connected(open_page):
    page = open_page("demo")
    page.wait_for_selector("#live[data-state=on]")


def test_live_updates_stay_connected_from_page_to_page(open_page):
    "More pages than there are streams, faster than the server notices that they were left."
    page = open_page("demo")
    for _ in range(3):
        for path in ("/servers", "/networks", "/images", "/routers", "/keypairs"):
            page.goto(path)
            page.wait_for_selector("#live[data-state=on]")


def test_the_keyboard_reaches_the_content(open_page):
    page = open_page("demo")
    page.goto("/servers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
