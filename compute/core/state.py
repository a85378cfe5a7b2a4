"""The states of a server: which status clients see, which action is allowed when.

Source: Nova's "Server concepts" guide and the table of states in its API reference.
"""

from dataclasses import dataclass

from compute.errors import ServerLocked, ServerNotReady, WrongState
from compute.store.models import Server

_REBOOT: dict[str | None, str] = dict.fromkeys(
    ("rebooting", "reboot_pending", "reboot_started"), "REBOOT"
)
_HARD: dict[str | None, str] = dict.fromkeys(
    ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), "HARD_REBOOT"
)
_RESIZE: dict[str | None, str] = dict.fromkeys(
    ("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), "RESIZE"
)
_REBUILD: dict[str | None, str] = dict.fromkeys(
    ("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"), "REBUILD"
)

STATUS: dict[str, dict[str | None, str]] = {
    "active": {
        None: "ACTIVE",
        **_REBOOT,
        **_HARD,
        **_RESIZE,
        **_REBUILD,
        "updating_password": "PASSWORD",
        "migrating": "MIGRATING",
    },
    "building": {None: "BUILD"},
    "stopped": {None: "SHUTOFF", **_RESIZE, **_REBUILD},
    "resized": {None: "VERIFY_RESIZE", "resize_reverting": "REVERT_RESIZE"},
    "paused": {None: "PAUSED", "migrating": "MIGRATING"},
    "suspended": {None: "SUSPENDED"},
    "rescued": {None: "RESCUE"},
    "error": {None: "ERROR", **_REBUILD},
    "deleted": {None: "DELETED"},
    "soft-delete": {None: "SOFT_DELETED"},
    "shelved": {None: "SHELVED"},
    "shelved_offloaded": {None: "SHELVED_OFFLOADED"},
}


def status(vm_state: str, task_state: str | None) -> str:
    "The status of the API for a pair of states."
    row = STATUS.get(vm_state)
    if row is None:
        return "UNKNOWN"
    return row.get(task_state, row[None])


def states_of(name: str) -> list[tuple[str, list[str | None] | None]]:
    """The inverse: (vm_state, task states or None for any) that show as status `name`; [] for no
    such status."""
    out: list[tuple[str, list[str | None] | None]] = []
    wanted = name.upper()
    for vm_state, row in STATUS.items():
        named: list[str | None] = [t for t, s in row.items() if t is not None and s == wanted]
        if row[None] == wanted:
            others: list[str | None] = [t for t, s in row.items() if t is not None and s != wanted]
            out.append((vm_state, _all_but(others)))
        elif named:
            out.append((vm_state, named))
    return out


TASKS: tuple[str | None, ...] = (
    None,
    "scheduling",
    "block_device_mapping",
    "networking",
    "spawning",
    "image_snapshot",
    "image_snapshot_pending",
    "image_pending_upload",
    "image_uploading",
    "image_backup",
    "updating_password",
    *_RESIZE,
    "resize_reverting",
    "resize_confirming",
    *_REBOOT,
    *_HARD,
    "pausing",
    "unpausing",
    "suspending",
    "resuming",
    "powering-off",
    "powering-on",
    "rescuing",
    "unrescuing",
    *_REBUILD,
    "migrating",
    "deleting",
    "soft-deleting",
    "restoring",
    "shelving",
    "shelving_image_pending_upload",
    "shelving_image_uploading",
    "shelving_offloading",
    "unshelving",
)


def _all_but(others: list[str | None]) -> list[str | None] | None:
    return [t for t in TASKS if t not in others] if others else None


@dataclass(frozen=True)
class Guard:
    "When an action may begin, and what is written down as being done."

    name: str
    vm_states: tuple[str, ...] | None
    """None: any."""
    task: str | None = None
    tasks: tuple[str | None, ...] | None = (None,)
    """Task states in which it may begin; None: any."""
    launched: bool = False


GUARDS = {
    g.name: g
    for g in (
        Guard("start", ("stopped",), "powering-on"),
        Guard("stop", ("active", "rescued", "error"), "powering-off"),
        Guard(
            "reboot",
            ("active",),
            "rebooting",
            (None, "rebooting", "reboot_pending", "reboot_started"),
            True,
        ),
        Guard(
            "reboot_hard",
            ("active", "stopped", "paused", "suspended", "error"),
            "rebooting_hard",
            (None, *_REBOOT, *_HARD, "resuming", "unpausing", "suspending"),
            True,
        ),
        Guard("pause", ("active",), "pausing"),
        Guard("unpause", ("paused",), "unpausing"),
        Guard("suspend", ("active",), "suspending"),
        Guard("resume", ("suspended",), "resuming"),
        Guard("rescue", ("active", "stopped", "error"), "rescuing"),
        Guard("unrescue", ("rescued",), "unrescuing"),
        Guard("rebuild", ("active", "stopped", "error", "shelved_offloaded"), "rebuilding"),
        Guard("resize", ("active", "stopped"), "resize_prep"),
        Guard("confirmResize", ("resized",), None),
        Guard("revertResize", ("resized",), "resize_reverting"),
        Guard(
            "createImage",
            ("active", "stopped", "paused", "suspended", "shelved", "shelved_offloaded"),
            "image_snapshot_pending",
        ),
        Guard("createBackup", ("active", "stopped", "paused", "suspended"), "image_backup"),
        Guard("changePassword", ("active",), "updating_password"),
        Guard("trigger_crash_dump", ("active", "paused", "rescued", "resized", "error"), None),
        Guard("shelve", ("active", "stopped", "paused", "suspended"), "shelving"),
        Guard("shelveOffload", ("shelved",), "shelving_offloading"),
        Guard("unshelve", ("shelved", "shelved_offloaded"), "unshelving"),
        Guard("migrate", ("active", "stopped"), "resize_prep"),
        Guard("live-migration", ("active", "paused"), "migrating"),
        Guard("evacuate", ("active", "stopped", "error"), "rebuilding", None),
        Guard("restore", ("soft-delete",), "restoring"),
        Guard("forceDelete", None, "deleting", None),
        Guard("attach_interface", ("active", "paused", "stopped"), None, (None,)),
        Guard("detach_interface", ("active", "paused", "stopped"), None, (None,)),
        Guard(
            "attach_volume",
            (
                "active",
                "paused",
                "stopped",
                "resized",
                "soft-delete",
                "shelved",
                "shelved_offloaded",
            ),
            None,
            (None, "powering-on", "powering-off"),
        ),
        Guard(
            "detach_volume",
            (
                "active",
                "paused",
                "stopped",
                "resized",
                "soft-delete",
                "shelved",
                "shelved_offloaded",
            ),
            None,
            (None,),
        ),
        Guard("swap_volume", ("active", "paused", "resized"), None, (None,)),
        Guard("update_metadata", ("active", "paused", "suspended", "stopped"), None, None),
        Guard("tags", ("active", "paused", "suspended", "stopped"), None, None),
        Guard("get_console_output", None, None, None),
        Guard(
            "remote_console",
            ("active", "paused", "rescued", "suspended", "stopped", "error", "resized"),
            None,
            None,
        ),
        Guard(
            "diagnostics",
            ("active", "paused", "suspended", "stopped", "rescued", "resized"),
            None,
            None,
        ),
    )
}


def check_lock(server: Server, is_admin: bool) -> None:
    "Raise ServerLocked for a locked server, unless an administrator asks."
    if server.locked_by and not is_admin:
        raise ServerLocked(server_id=server.id)


def check(server: Server, action: str) -> Guard:
    "The guard of `action`; raises WrongState (409) when the server's states do not allow it."
    guard = GUARDS[action]
    if guard.vm_states is not None and server.vm_state not in guard.vm_states:
        raise WrongState(
            action=action, server_id=server.id, attribute="vm_state", state=server.vm_state
        )
    if guard.tasks is not None and server.task_state not in guard.tasks:
        raise WrongState(
            action=action, server_id=server.id, attribute="task_state", state=server.task_state
        )
    if guard.launched and server.launched_at is None:
        raise ServerNotReady(server_id=server.id)
    return guard
