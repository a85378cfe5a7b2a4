"""Beginning work on a server: state change, action record and job in one transaction; the bus is
told after the commit."""

import logging
from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.db import utcnow
from common.errors import Error
from compute.contracts.conductor import Work
from compute.core import Deps
from compute.store.models import Action, ActionEvent, Job, Server

LOG = logging.getLogger(__name__)

EVENT = {
    "build": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "power": "compute_power",
    "rebuild": "compute_rebuild_instance",
    "resize": "compute_prep_resize",
    "confirm": "compute_confirm_resize",
    "revert": "compute_revert_resize",
    "snapshot": "compute_snapshot_instance",
    "backup": "compute_backup_instance",
    "shelve": "compute_shelve_instance",
    "offload": "compute_shelve_offload_instance",
    "unshelve": "compute_unshelve_instance",
    "rescue": "compute_rescue_instance",
    "unrescue": "compute_unrescue_instance",
    "attach_nic": "compute_attach_interface",
    "detach_nic": "compute_detach_interface",
    "attach_volume": "compute_attach_volume",
    "detach_volume": "compute_detach_volume",
    "swap_volume": "compute_swap_volume",
    "live_migrate": "compute_live_migration",
    "evacuate": "compute_rebuild_instance",
    "crash_dump": "compute_trigger_crash_dump",
    "password": "compute_set_admin_password",
}
POWER_EVENT = {
    "start": "compute_start_instance",
    "stop": "compute_stop_instance",
    "hard_reboot": "compute_reboot_instance",
    "soft_reboot": "compute_reboot_instance",
    "pause": "compute_pause_instance",
    "unpause": "compute_unpause_instance",
    "suspend": "compute_suspend_instance",
    "resume": "compute_resume_instance",
}


def event_of(kind: str, args: dict[str, Any] | None = None) -> str:
    "The name of the action event that a job is, as Nova's clients know it."
    if kind == "power":
        return POWER_EVENT.get(str((args or {}).get("action")), "compute_power")
    return EVENT.get(kind, f"compute_{kind}")


def record(
    session: Any, ctx: Context, server: Server, action: str, message: str | None = None
) -> Action:
    "Write an action record."
    row = Action(
        server_id=server.id,
        action=action,
        request_id=ctx.request_id,
        project_id=ctx.project_id,
        user_id=ctx.user_id,
        message=message,
    )
    session.add(row)
    session.flush()
    return row


def begin(
    session: Any,
    ctx: Context,
    server: Server,
    kind: str,
    *,
    action: str,
    args: dict[str, Any] | None = None,
    host: str | None = None,
) -> Job:
    "An action record and the job that carries it out, in the transaction that changed the server."
    row = record(session, ctx, server, action)
    session.add(ActionEvent(action_id=row.id, event=event_of(kind, args), host=server.host))
    job = Job(
        server_id=server.id,
        kind=kind,
        args=args or {},
        action_id=row.id,
        host=host or server.host,
        context={
            "request_id": ctx.request_id,
            "user_id": ctx.user_id,
            "project_id": ctx.project_id,
            "roles": list(ctx.roles),
        },
    )
    session.add(job)
    server.updated_at = utcnow()
    session.flush()
    return job


def wake(deps: Deps, jobs: Sequence[Job], ctx: Context | None = None) -> None:
    """Tell a conductor that there is work. Nothing is lost when the bus is away: conductors look
    for ready jobs themselves."""
    try:
        deps.bus.client(Work, ctx).wake([j.id for j in jobs])
    except Error as error:
        LOG.warning(
            "no conductor could be told of %d job(s), they will be found: %s", len(jobs), error
        )


def finished(session: Any, ctx: Context, server: Server, action: str) -> None:
    "An action record of something that was done at once."
    row = record(session, ctx, server, action)
    session.add(
        ActionEvent(action_id=row.id, event=f"api_{action}", result="Success", finish_at=utcnow())
    )
