"The panel, and what its modules share."

from __future__ import annotations

from typing import Any

from dashboard.listing import Action, is_busy
from dashboard.panel import Panel
from dashboard.who import Who

panel = Panel(
    "servers",
    "Servers",
    icon="server",
    group="Compute",
    order=10,
    service="compute",
    home="/servers",
)


def addresses(server: dict[str, Any]) -> list[str]:
    "Every address, floating ones last."
    found = [a for net in server.get("addresses", {}).values() for a in net]
    return [a["addr"] for a in sorted(found, key=lambda a: a.get("OS-EXT-IPS:type") == "floating")]


def busy(server: dict[str, Any]) -> bool:
    "Whether the server changes by itself now."
    return bool(server.get("OS-EXT-STS:task_state")) or is_busy(server["status"])


def state(server: dict[str, Any]) -> str:
    "The status, and in words what is being done."
    task = server.get("OS-EXT-STS:task_state")
    return f"{server['status']} · {task.replace('_', ' ')}" if task else server["status"]


_ALWAYS = {
    "ACTIVE",
    "SHUTOFF",
    "ERROR",
    "PAUSED",
    "SUSPENDED",
    "RESCUE",
    "SHELVED",
    "SHELVED_OFFLOADED",
    "VERIFY_RESIZE",
    "BUILD",
    "REBOOT",
    "HARD_REBOOT",
    "MIGRATING",
    "RESIZE",
    "REBUILD",
    "UNKNOWN",
    "SOFT_DELETED",
}
VERBS: dict[str, tuple[str, str, set[str], Any, str]] = {
    "start": ("Start", "player-play", {"SHUTOFF"}, {"os-start": None}, ""),
    "confirm-resize": (
        "Confirm the resize",
        "check",
        {"VERIFY_RESIZE"},
        {"confirmResize": None},
        "",
    ),
    "revert-resize": (
        "Revert the resize",
        "restore",
        {"VERIFY_RESIZE"},
        {"revertResize": None},
        "Back to the old size?",
    ),
    "unpause": ("Unpause", "player-play", {"PAUSED"}, {"unpause": None}, ""),
    "resume": ("Resume", "player-play", {"SUSPENDED"}, {"resume": None}, ""),
    "unshelve": (
        "Unshelve",
        "player-play",
        {"SHELVED", "SHELVED_OFFLOADED"},
        {"unshelve": None},
        "",
    ),
    "unrescue": ("Leave rescue", "lifebuoy", {"RESCUE"}, {"unrescue": None}, ""),
    "reboot": ("Reboot", "refresh", {"ACTIVE"}, {"reboot": {"type": "SOFT"}}, "Reboot it?"),
    "hard-reboot": (
        "Hard reboot",
        "power",
        {"ACTIVE", "SHUTOFF", "ERROR", "PAUSED", "SUSPENDED"},
        {"reboot": {"type": "HARD"}},
        "Switch it off and on again?",
    ),
    "stop": ("Shut down", "player-stop", {"ACTIVE", "ERROR"}, {"os-stop": None}, "Shut it down?"),
    "pause": ("Pause", "player-pause", {"ACTIVE"}, {"pause": None}, ""),
    "suspend": ("Suspend", "moon", {"ACTIVE"}, {"suspend": None}, ""),
    "shelve": (
        "Shelve",
        "archive",
        {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"},
        {"shelve": None},
        "Shelve it? It is stored as an image and its place is given free.",
    ),
    "rescue": (
        "Rescue",
        "lifebuoy",
        {"ACTIVE", "SHUTOFF", "ERROR"},
        {"rescue": {}},
        "Start it from a rescue image?",
    ),
    "lock": ("Lock", "lock", _ALWAYS, {"lock": None}, ""),
    "unlock": ("Unlock", "lock-open", _ALWAYS, {"unlock": None}, ""),
}
"""What can be asked of a server: title, icon, states in which it can, body, question."""


def actions_of(me: Who, server: dict[str, Any], *, go: bool = False) -> list[Action]:
    "The buttons that this server in its state has for this person."
    if not me.may("member"):
        return []
    found = []
    for verb, (title, icon, states, _, question) in VERBS.items():
        if (
            server["status"] not in states
            or (verb == "lock") == bool(server.get("locked"))
            and verb in ("lock", "unlock")
        ):
            continue
        found.append(
            Action(
                title,
                f"/servers/{server['id']}/do/{verb}",
                icon,
                confirm=f"{server['name']}: {question}" if question else "",
            )
        )
    if server["status"] in ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"):
        found.append(
            Action("Take a snapshot", f"/servers/{server['id']}/snapshot", "camera", post=False)
        )
    if server["status"] in ("ACTIVE", "SHUTOFF"):
        found.append(Action("Resize", f"/servers/{server['id']}/resize", "arrows-move", post=False))
        found.append(Action("Rebuild", f"/servers/{server['id']}/rebuild", "wand", post=False))
    if me.is_admin and server["status"] in ("ACTIVE", "PAUSED"):
        found.append(Action("Live migrate", f"/servers/{server['id']}/migrate", "run", post=False))
    if me.is_admin and server["status"] not in ("BUILD",) and not go:
        found.append(
            Action(
                "Evacuate",
                f"/servers/{server['id']}/evacuate",
                "arrows-exchange",
                confirm=f"{server['name']}: rebuild it elsewhere? Only when its own host is down.",
                danger=True,
            )
        )
    target = "?go=1" if go else ""
    found.append(
        Action(
            "Delete",
            f"/servers/{server['id']}/do/delete{target}",
            "trash",
            confirm=f"Delete {server['name']} for ever?",
            danger=True,
        )
    )
    return found
