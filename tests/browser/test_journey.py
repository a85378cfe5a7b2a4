"The way of a person through the cloud, in a real browser."

import re
import time
import uuid

import pytest


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:6]}"


def test_login_says_what_is_wrong_and_logout_ends(site, chromium, shot):
    page = chromium.new_context(
        base_url=site.url, viewport={"width": 1360, "height": 900}
    ).new_page()
    page.goto("/servers")
    assert "/login?next=/servers" in page.url
    shot(page, "login")
    page.fill("#username", "demo")
    page.fill("#password", "certainly wrong")
    page.click("button[type=submit]")
    assert "do not match" in page.inner_text("[role=alert]")
    page.fill("#password", site.passwords["demo"])
    page.click("button[type=submit]")
    page.wait_for_url("**/servers")
    page.click("button.user")
    page.click("text=Log out")
    page.wait_for_url("**/login?why=out")
    page.goto("/servers")
    assert "/login" in page.url


@pytest.fixture
def network(open_page, shot):
    page = open_page()
    name = unique("net")
    page.goto("/networks/create")
    page.fill("#name", name)
    page.fill("#cidr", "10.77.0.0/24")
    shot(page, "network-create")
    page.click("text=Create")
    page.wait_for_selector("text=10.77.0.0/24")
    shot(page, "network")
    return name


def launch(page, network):
    name = unique("web")
    page.goto("/servers/launch")
    page.fill("#name", name)
    for box in page.locator("input[name=networks]:checked").all():
        box.uncheck()
    page.get_by_label(network, exact=True).check()
    page.wait_for_selector("#launch-preview >> text=Within the quota")
    page.wait_for_selector(f"#launch-preview pre:has-text('{name}')")
    return name


def pixels(canvas):
    "The picture of a canvas: brightness of each pixel, as bytes in a string."
    return canvas.evaluate(
        """c => {
          const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
          let s = "";
          for (let i = 0; i < d.length; i += 4) s += d[i] > 100 ? "1" : "0";
          return s;
        }"""
    )


def changed(before, after):
    "How many pixels differ; all of them when the size does."
    if len(before) != len(after):
        return len(after)
    return sum(a != b for a, b in zip(before, after, strict=True))


def test_a_server_from_launch_to_its_consoles(site, open_page, network, shot):
    page = open_page()
    name = launch(page, network)
    shot(page, "launch")
    page.click("button:has-text('Launch')")
    page.wait_for_selector(f"h1:has-text('{name}')")
    page.evaluate("window.notReloaded = true")
    page.wait_for_selector("h1 .status:has-text('ACTIVE')", timeout=180_000)
    assert page.evaluate("window.notReloaded") is True
    server = re.search(r"/servers/([0-9a-f-]{36})", page.url)[1]
    shot(page, "server")
    for tab in ("charts", "log", "interfaces", "snapshots", "actions"):
        page.goto(f"/servers/{server}?tab={tab}")
        page.wait_for_timeout(100)
        if tab == "charts" and not site.console:
            # nodes tell of their guests every five seconds: three samples make a line
            page.locator("#charts-note:empty").wait_for(state="attached", timeout=20_000)
            page.wait_for_timeout(6000)
        shot(page, f"server-{tab}")
    page.goto(f"/servers/{server}?tab=vnc")
    frame = page.frame_locator(".console-frame")
    frame.locator("#console-state:has-text('connected')").wait_for(timeout=30_000)
    screen = frame.locator("canvas")
    screen.click()
    page.wait_for_timeout(1000)
    before = pixels(screen)
    page.keyboard.type("root" if site.console else "seen in the browser", delay=30)
    if not site.console:
        # the guest echoes the letters; a blinking cursor alone is one cell of 9 by 16
        deadline = time.monotonic() + 20
        while changed(before, pixels(screen)) <= 9 * 16 and time.monotonic() < deadline:
            page.wait_for_timeout(200)
        assert changed(before, pixels(screen)) > 9 * 16, "the guest shows nothing of what is typed"
    shot(page, "server-vnc")
    if site.console:
        deadline = time.monotonic() + 10
        while len(site.console.keys) < 4 and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        assert bytes(site.console.keys) == b"root"
    page.goto(f"/servers/{server}?tab=serial")
    frame = page.frame_locator(".console-frame")
    frame.locator("#console-state:has-text('connected')").wait_for(timeout=30_000)
    frame.locator("#screen").click()
    page.keyboard.press("Enter")
    page.keyboard.type("hello there")
    frame.locator(".xterm-accessibility, .xterm-rows").filter(
        has_text="hello there"
    ).first.wait_for(timeout=30_000)
    shot(page, "server-serial")
    page.goto("/servers")
    page.wait_for_selector(f"text={name}")
    if not site.console:
        page.locator("tr", has_text=name).locator(".spark").first.wait_for(timeout=20_000)
    shot(page, "servers")
    page.goto("/topology")
    shot(page, "topology")


def test_actions_change_the_row_without_reload(site, open_page, network):
    page = open_page()
    name = launch(page, network)
    page.click("button:has-text('Launch')")
    page.wait_for_selector("h1 .status:has-text('ACTIVE')", timeout=180_000)
    page.goto("/servers")
    page.evaluate("window.notReloaded = true")
    row = page.locator("tr", has_text=name)
    row.get_by_label("Actions").click()
    row.get_by_role("button", name="Delete").click()
    page.click("dialog button:has-text('Yes')")
    page.wait_for_selector(".toast-line")
    row.wait_for(state="detached", timeout=60_000)
    assert page.evaluate("window.notReloaded") is True


def test_an_image_is_uploaded_with_progress(open_page, tmp_path, shot):
    page = open_page()
    name = unique("image")
    path = tmp_path / f"{name}.raw"
    path.write_bytes(b"\0" * 3_000_000)
    page.goto("/images/create")
    page.set_input_files("#file", path)
    assert page.input_value("#name") == name and page.input_value("#disk_format") == "raw"
    shot(page, "image-create")
    page.click("button:has-text('Add')")
    page.wait_for_selector(f"h1:has-text('{name}') .status:has-text('ACTIVE')")
    assert "2.9 MiB" in page.inner_text("main")
    page.goto("/images")
    shot(page, "images")


def test_a_floating_ip_is_given_to_a_server(site, open_page, shot):
    page = open_page()
    name = launch(page, "private" if site.cloud else "demo")
    page.click("button:has-text('Launch')")
    page.wait_for_selector("h1 .status:has-text('ACTIVE')", timeout=180_000)
    page.goto("/floating-ips/create")
    page.click("button:has-text('Allocate')")
    page.wait_for_url("**/floating-ips/assign*")
    label = page.locator("#port option").filter(has_text=name).first.inner_text()
    page.select_option("#port", label=label)
    page.click("button:has-text('Assign')")
    page.wait_for_selector(f"tr:has-text('{name}') >> text=ACTIVE")
    shot(page, "floating-ips")


def new_container(page, kind="box"):
    "A container, and its page, which may still be loading its scripts."
    name = unique(kind)
    page.goto("/objects/create")
    page.fill("#name", name)
    page.click("button:has-text('Create')", no_wait_after=True)
    page.wait_for_selector("#drop")
    return name


def test_objects_go_up_and_come_down_again(open_page, tmp_path, shot):
    page = open_page()
    box = new_container(page)
    path = tmp_path / "notes.txt"
    path.write_bytes(b"some notes\n" * 1000)
    page.set_input_files("#files", path)
    page.wait_for_selector("tr:has-text('notes.txt')")
    shot(page, "objects")
    page.click("a:has-text('notes.txt')")
    page.wait_for_selector("pre:has-text('some notes')")
    shot(page, "object")
    with page.expect_download() as download:
        page.click("a:has-text('Download')")
    assert download.value.path().read_bytes() == path.read_bytes()
    page.goto(f"/objects/{box}/temporary?name=notes.txt")
    page.click("button:has-text('Make it')")
    assert "temp_url_sig=" in page.inner_text("pre")


@pytest.fixture
def late_scripts():
    "A page's upload script comes a second after the page, as over a slow line."

    def hold(page):
        page.route(
            re.compile(r"/js/(object|image)_upload\.js"),
            lambda route: (time.sleep(1), route.continue_()),
        )

    return hold


def test_files_chosen_before_the_script_is_there_go_up_too(open_page, tmp_path, late_scripts):
    page = open_page()
    late_scripts(page)
    new_container(page)
    (tmp_path / "early.txt").write_bytes(b"chosen early\n")
    page.set_input_files("#files", tmp_path / "early.txt")
    page.wait_for_selector("tr:has-text('early.txt')")
    # The same file again, changed: a field that keeps its value would tell nobody.
    (tmp_path / "early.txt").write_bytes(b"chosen again\n" * 1000)
    page.set_input_files("#files", tmp_path / "early.txt")
    page.wait_for_selector("tr:has-text('early.txt'):has-text('12.7 KiB')")


def test_an_image_chosen_before_the_script_is_there_is_shown(open_page, tmp_path, late_scripts):
    page = open_page()
    late_scripts(page)
    page.goto("/images/create", wait_until="commit")
    page.wait_for_selector("#drop")
    (tmp_path / "early.iso").write_bytes(b"x")
    page.set_input_files("#file", tmp_path / "early.iso")
    page.wait_for_selector("#drop-text:has-text('early.iso')")
    assert page.input_value("#name") == "early"


def test_leaving_while_a_file_goes_up_is_asked_about(open_page, tmp_path):
    page = open_page()
    new_container(page)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route(re.compile(r"/upload\?name="), lambda route: None)
    (tmp_path / "slow.txt").write_bytes(b"some notes\n")
    page.set_input_files("#files", tmp_path / "slow.txt")
    page.wait_for_selector("#transfers:has-text('slow.txt')")
    page.click("nav a:has-text('Networks')")
    page.wait_for_url("**/networks")
    assert asked == ["beforeunload"]


def test_an_upload_that_fails_is_not_called_done(open_page, tmp_path):
    page = open_page()
    new_container(page)
    page.route(
        re.compile(r"/upload\?name=bad"), lambda route: route.fulfill(status=507, body="no room")
    )
    for name in ("bad.txt", "good.txt"):
        (tmp_path / name).write_bytes(b"some notes\n")
    page.set_input_files("#files", [tmp_path / "bad.txt", tmp_path / "good.txt"])
    page.wait_for_selector("tr:has-text('good.txt')")
    assert "bad.txt: no room" in page.inner_text("#transfers")
    assert "1 of 2 uploads failed." in page.inner_text("#toasts")
    assert "done" not in page.inner_text("#toasts")


def test_a_large_file_goes_in_segments(site, open_page, tmp_path):
    page = open_page()
    box = new_container(page, "big")
    path = tmp_path / "big.bin"
    path.write_bytes(b"0123456789abcdef" * 2**21 + b"the end")
    page.set_input_files("#files", path)
    page.wait_for_selector("tr:has-text('big.bin')", timeout=60_000)
    if site.cloud:
        assert len(site.cloud.world.containers[f"{box}_segments"]) == 2


def test_a_key_pair_is_made_and_downloaded(open_page, shot):
    page = open_page()
    name = unique("key")
    page.goto("/keypairs/create")
    page.fill("#name", name)
    page.click("button:has-text('Create')")
    with page.expect_download() as download:
        page.click("button:has-text('Download')")
    assert b"OPENSSH PRIVATE KEY" in download.value.path().read_bytes()
    page.goto("/keypairs")
    page.wait_for_selector(f"text={name}")
    shot(page, "keypairs")


def test_a_rule_is_added_with_the_editor(open_page, shot):
    page = open_page()
    page.goto("/security-groups/create")
    page.fill("#name", unique("group"))
    page.click("button:has-text('Create')")
    page.select_option("#preset", "custom")
    page.fill("#ports", "8000-8010")
    page.fill("#cidr", "10.0.0.0/8")
    shot(page, "security-group")
    page.click("button:has-text('Add')")
    page.wait_for_selector("tr:has-text('8000 – 8010')")


def test_ctrl_k_finds_and_goes(open_page, network, shot):
    page = open_page()
    page.keyboard.press("Control+k")
    page.fill("#palette-q", network)
    page.wait_for_selector(f".palette-hit:has-text('{network}')")
    shot(page, "search")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"h1:has-text('{network}')")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
