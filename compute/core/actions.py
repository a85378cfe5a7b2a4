"""Beginning actions on a server: check its lock and states, say what is being done, leave the rest
to the conductor."""

from typing import Any

from common.context import Context
from common.db import after_commit, utcnow
from compute.contracts.agent import Agent
from compute.core import Deps, servers, state, work
from compute.errors import ServerNotReady
from compute.store import servers as store
from compute.store.models import Server


def begin(
    deps: Deps,
    ctx: Context,
    server_id: str,
    rule: str,
    action: str,
    kind: str,
    *,
    args: dict[str, Any] | None = None,
    guard: str | None = None,
    record: str | None = None,
    change: Any = None,
) -> Server:
    """The common beginning of most actions. `guard` names the row of `state.GUARDS` (the action's
    own by default), `record` the action record; `change(session, server, args)` may look and
    change more in the same transaction."""
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, rule)
        state.check_lock(server, ctx.is_admin)
        found = state.check(server, guard or action)
        arguments = {"was": server.vm_state, **(args or {})}
        if change is not None:
            change(session, server, arguments)
        if found.task:
            server.task_state = found.task
        job = work.begin(session, ctx, server, kind, action=record or action, args=arguments)
        after_commit(session, lambda: work.wake(deps, [job], ctx))
    return server


def power(deps: Deps, ctx: Context, server_id: str, action: str, rule: str) -> None:
    "start, stop, pause, unpause, suspend, resume."

    def wanted(session: Any, server: Server, args: dict[str, Any]) -> None:
        server.power_wanted = {
            "start": "on",
            "stop": "off",
            "pause": "paused",
            "suspend": "suspended",
        }.get(action, "on")

    begin(deps, ctx, server_id, rule, action, "power", args={"action": action}, change=wanted)


def reboot(deps: Deps, ctx: Context, server_id: str, hard: bool) -> None:
    "Reboot, softly (ACPI, then hard after a minute) or hard."
    guard = "reboot_hard" if hard else "reboot"
    begin(
        deps,
        ctx,
        server_id,
        "servers:reboot",
        "reboot",
        "power",
        guard=guard,
        args={"action": "hard_reboot" if hard else "soft_reboot", "grace_s": 60},
    )


def console_output(deps: Deps, ctx: Context, server_id: str, lines: int | None) -> str:
    "The serial console's text. Raises ServerNotReady for a server that is on no host yet."
    server = servers.get(deps, ctx, server_id, "os-console-output")
    if server.host is None or server.vm_state == "building":
        raise ServerNotReady(server_id=server.id)
    agent = deps.bus.client(Agent, ctx, host=server.host)
    return str(agent.console_log(server.id, lines) or "")


def lock(deps: Deps, ctx: Context, server_id: str, reason: str | None) -> None:
    "Lock it: only administrators may change it then."
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, "os-lock-server:lock")
        server.locked_by = (
            "owner" if server.project_id == ctx.project_id and not ctx.is_admin else "admin"
        )
        server.locked_reason, server.updated_at = reason, utcnow()
        work.finished(session, ctx, server, "lock")


def unlock(deps: Deps, ctx: Context, server_id: str) -> None:
    "Unlock it; what an administrator locked only one unlocks."
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, "os-lock-server:unlock")
        if server.locked_by == "admin":
            ctx.enforce(
                "os_compute_api:os-lock-server:unlock:unlock_override", servers.target(server)
            )
        server.locked_by, server.locked_reason, server.updated_at = None, None, utcnow()
        work.finished(session, ctx, server, "unlock")


def reset_state(deps: Deps, ctx: Context, server_id: str, wanted: str) -> None:
    "Say that a server is active, or in error, whatever happened."
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, "os-admin-actions:reset_state")
        server.vm_state, server.task_state = wanted, None
        if wanted == "active":
            server.power_wanted = "on"
        server.updated_at = utcnow()
        work.finished(session, ctx, server, "resetState")


def diagnostics(deps: Deps, ctx: Context, server_id: str) -> dict[str, Any]:
    "What the hypervisor counts; the uptime is that since the launch, in s."
    server = servers.get(deps, ctx, server_id, "os-server-diagnostics")
    if server.host is None or server.vm_state not in ("active", "paused", "rescued", "resized"):
        state.check(server, "diagnostics")
        raise ServerNotReady(server_id=server.id)
    counted = deps.bus.client(Agent, ctx, host=server.host).diagnostics(server.id)
    up = (utcnow() - server.launched_at).total_seconds() if server.launched_at else None
    return {
        **counted,
        "uptime": None if up is None else int(up),
        "config_drive": server.config_drive,
    }


def password(deps: Deps, ctx: Context, server_id: str) -> str:
    "The administrator's password that the guest has put up, encrypted."
    return servers.get(deps, ctx, server_id, "os-server-password:show").password or ""


def clear_password(deps: Deps, ctx: Context, server_id: str) -> None:
    "Forget it."
    with deps.db.write() as session:
        server = servers.lock(session, ctx, server_id, "os-server-password:clear")
        store.touch(session, server.id, password=None)
