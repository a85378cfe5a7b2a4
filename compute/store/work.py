"Queries over jobs, action records and migrations."

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from compute.store.models import Action, ActionEvent, Job, Migration, now

OPEN = ("ready", "waiting")


def lease(session: Session, job_id: str, owner: str, seconds: int) -> Job | None:
    "Take a ready job for `seconds`; None when it is over, waits for a node, or another has it."
    moment = now()
    result = session.execute(
        update(Job)
        .where(
            Job.id == job_id,
            Job.state == "ready",
            or_(Job.lease_until.is_(None), Job.lease_until < moment),
        )
        .values(
            lease=owner,
            lease_until=moment + timedelta(seconds=seconds),
            attempts=Job.attempts + 1,
            updated_at=moment,
        )
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        return None
    return session.get(Job, job_id, populate_existing=True)


def get_job(session: Session, job_id: str, lock: bool = False) -> Job | None:
    "One job; `lock` holds its row."
    query = select(Job).where(Job.id == job_id)
    return session.scalars(query.with_for_update() if lock else query).first()


def move(
    session: Session,
    job: Job,
    state: str,
    *,
    step: str | None = None,
    host: str | None = None,
    args: dict[str, Any] | None = None,
    keep_lease: bool = False,
) -> bool:
    "Put a job that is still open into `state`; False when it was cancelled meanwhile."
    values: dict[str, Any] = {"state": state, "updated_at": now()}
    if not keep_lease:
        values |= {"lease": None, "lease_until": None}
    values |= {k: v for k, v in (("step", step), ("host", host), ("args", args)) if v is not None}
    result = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(OPEN))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        return False
    for name, value in values.items():
        setattr(job, name, value)
    return True


def cancel_open(session: Session, server_id: str, *, but: str | None = None) -> list[Job]:
    "End whatever is being done to a server; returns what that was."
    query = select(Job).where(Job.server_id == server_id, Job.state.in_(OPEN))
    jobs = [j for j in session.scalars(query) if j.id != but]
    for job in jobs:
        job.state, job.updated_at = "cancelled", now()
    return jobs


def open_jobs(
    session: Session,
    *,
    host: str | None = None,
    older_than: datetime | None = None,
    server_id: str | None = None,
) -> list[Job]:
    "Jobs that are not over, oldest first."
    query = select(Job).where(Job.state.in_(OPEN)).order_by(Job.created_at)
    if host:
        query = query.where(Job.host == host)
    if server_id:
        query = query.where(Job.server_id == server_id)
    if older_than:
        query = query.where(
            or_(
                Job.updated_at < older_than,
                and_(Job.lease_until.is_not(None), Job.lease_until < now()),
            )
        )
    return list(session.scalars(query))


def latest_job(session: Session, server_id: str) -> Job | None:
    "The newest job of a server."
    return session.scalars(
        select(Job).where(Job.server_id == server_id).order_by(Job.created_at.desc()).limit(1)
    ).first()


def forget_jobs(session: Session, before: datetime, limit: int = 1000) -> int:
    "Drop jobs that were over before `before`."
    ids = list(
        session.scalars(
            select(Job.id).where(Job.state.notin_(OPEN), Job.updated_at < before).limit(limit)
        )
    )
    if ids:
        from sqlalchemy import delete

        session.execute(delete(Job).where(Job.id.in_(ids)))
    return len(ids)


def actions_of(
    session: Session,
    server_id: str,
    *,
    limit: int | None = None,
    marker: Action | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> list[Action]:
    "Action records of a server, newest first."
    query = (
        select(Action)
        .where(Action.server_id == server_id)
        .order_by(Action.start_at.desc(), Action.id.desc())
    )
    if marker is not None:
        query = query.where(
            or_(
                Action.start_at < marker.start_at,
                and_(Action.start_at == marker.start_at, Action.id < marker.id),
            )
        )
    if since:
        query = query.where(Action.updated_at >= since)
    if before:
        query = query.where(Action.updated_at <= before)
    return list(session.scalars(query.limit(limit) if limit is not None else query))


def action_by_request(session: Session, server_id: str, request_id: str) -> Action | None:
    "The record of one request on a server."
    return session.scalars(
        select(Action).where(Action.server_id == server_id, Action.request_id == request_id)
    ).first()


def events_of(session: Session, action_id: int) -> list[ActionEvent]:
    "Events of an action, newest first."
    return list(
        session.scalars(
            select(ActionEvent)
            .where(ActionEvent.action_id == action_id)
            .order_by(ActionEvent.start_at.desc(), ActionEvent.id.desc())
        )
    )


def close_event(session: Session, action_id: int, event: str, **values: Any) -> None:
    "End the event of this name that has not ended."
    session.execute(
        update(ActionEvent)
        .where(
            ActionEvent.action_id == action_id,
            ActionEvent.event == event,
            ActionEvent.finish_at.is_(None),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def last_event(session: Session, server_id: str, action: str) -> tuple[Action, ActionEvent] | None:
    "The newest event of the newest `action` of a server."
    row = session.execute(
        select(Action, ActionEvent)
        .join(ActionEvent, ActionEvent.action_id == Action.id)
        .where(Action.server_id == server_id, Action.action == action)
        .order_by(ActionEvent.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def migrations(
    session: Session,
    *,
    server_id: str | None = None,
    host: str | None = None,
    status: str | None = None,
    source: str | None = None,
    kind: str | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
    statuses: Sequence[str] | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    limit: int | None = None,
    marker: Migration | None = None,
) -> list[Migration]:
    "Migrations by what is known of them, newest first."
    query = select(Migration).order_by(Migration.created_at.desc(), Migration.id.desc())
    for column, value in (
        (Migration.server_id, server_id),
        (Migration.status, status),
        (Migration.source_host, source),
        (Migration.type, kind),
        (Migration.user_id, user_id),
        (Migration.project_id, project_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if host:
        query = query.where(or_(Migration.source_host == host, Migration.dest_host == host))
    if statuses:
        query = query.where(Migration.status.in_(statuses))
    if since:
        query = query.where(Migration.updated_at >= since)
    if before:
        query = query.where(Migration.updated_at <= before)
    if marker is not None:
        query = query.where(
            or_(
                Migration.created_at < marker.created_at,
                and_(Migration.created_at == marker.created_at, Migration.id < marker.id),
            )
        )
    return list(session.scalars(query.limit(limit) if limit is not None else query))


def migration_by_uuid(session: Session, uuid: str) -> Migration | None:
    "The migration with this uuid."
    return session.scalars(select(Migration).where(Migration.uuid == uuid)).first()


def jobs_by_state(session: Session) -> dict[str, int]:
    "How many jobs are in each state, for the figures."
    return dict(session.execute(select(Job.state, func.count()).group_by(Job.state)))


def touch_action(session: Session, action_id: int, moment: datetime, message: str | None) -> None:
    "Note when an action last moved, and its failure."
    values: dict[str, Any] = {"updated_at": moment}
    if message is not None:
        values["message"] = message
    session.execute(update(Action).where(Action.id == action_id).values(**values))


def answered(
    session: Session, job_id: str, ok: bool, report: dict[str, Any], owner: str, seconds: int
) -> Job | None:
    "Take a waiting job whose order was answered: it goes on at STEP_done or STEP_failed."
    name, _, number = job_id.partition(".")
    job = get_job(session, name, lock=True)
    if job is None or job.state != "waiting" or (number and int(number) != job.args.get("order")):
        return None
    job.state, job.step = "ready", f"{job.step}_{'done' if ok else 'failed'}"
    job.args = {**job.args, "report": report}
    job.lease, job.lease_until = owner, now() + timedelta(seconds=seconds)
    job.updated_at = now()
    return job


def postpone(session: Session, job_id: str, until: datetime) -> None:
    "Leave a job alone until a moment."
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "ready")
        .values(lease="postponed", lease_until=until)
    )


def holders(session: Session) -> list[str]:
    "Who holds ready jobs at this moment."
    query = select(Job.lease).where(
        Job.state == "ready", Job.lease.is_not(None), Job.lease_until >= now()
    )
    return [name for name in session.scalars(query.distinct()) if name]


def release(session: Session, names: Sequence[str]) -> None:
    "End the leases of holders that are dead."
    session.execute(
        update(Job)
        .where(Job.state == "ready", Job.lease.in_(names))
        .values(lease=None, lease_until=None)
    )


def ready(session: Session, older_than: datetime, limit: int = 50) -> list[str]:
    "Ids of ready jobs that nobody holds."
    query = (
        select(Job.id)
        .where(
            Job.state == "ready",
            Job.updated_at < older_than,
            or_(Job.lease_until.is_(None), Job.lease_until < now()),
        )
        .order_by(Job.created_at)
    )
    return list(session.scalars(query.limit(limit)))


def again(session: Session, job: Job) -> None:
    "A waiting job whose order was lost: take its step once more."
    job.state, job.lease, job.lease_until, job.updated_at = "ready", None, None, now()
    job.args = {**job.args, "resend": True}


def note_totals(session: Session, server_id: str, totals: dict[str, Any]) -> None:
    "Progress of the live migration that runs."
    row = session.scalars(
        select(Migration).where(Migration.server_id == server_id, Migration.status == "running")
    ).first()
    if row is not None:
        row.totals, row.updated_at = {**row.totals, **totals}, now()
