"The card that `devstack/up` ends with: everything a person needs next."

from __future__ import annotations

from devstack.programs import packages
from devstack.progress import console
from devstack.seed import IMAGE, KEY, NETWORK, USER, Result
from devstack.settings import USERS, Settings


def lines(settings: Settings, result: Result, took_s: float) -> list[tuple[str, str]]:
    "Label and text of each line."
    enter = f"devstack/run --instance {settings.paths.instance} " if settings.paths.instance else ""
    shown: list[tuple[str, str]] = []
    if "dashboard" in packages():
        shown.append(("Dashboard", settings.url(8088)))
    shown += [("Identity", settings.url(5000, "/v3"))]
    shown += [(f"User {name}", settings.secrets[name]) for name in USERS]
    shown += [
        ("Settings", f"source {settings.paths.etc}/openrc   (administrator: openrc-admin)"),
        (
            "A server",
            f"{enter}openstack server create --image {IMAGE} --flavor t1.nano --network {NETWORK} "
            f"--key-name {KEY} --wait second",
        ),
        ("The first one", f"{enter}ssh -i {result.key_file} {USER}@{result.floating_ip}"),
        ("Its log", f"{enter}openstack console log show {result.server}"),
        ("Time", f"{took_s:.0f} s"),
    ]
    return shown


def show(settings: Settings, result: Result, took_s: float) -> None:
    "Print it: a panel on a terminal, plain lines elsewhere."
    shown = lines(settings, result, took_s)
    screen = console()
    if screen is None:
        print("\nThe cloud runs.")
        for label, text in shown:
            print(f"{label + ':':<16}{text}")
        return
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for label, text in shown:
        table.add_row(f"[bold]{label}[/]", text)
    screen.print(Panel(table, title="The cloud runs", border_style="green", expand=False))
