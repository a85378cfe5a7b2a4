"What projects have, and how much they may."

import functools
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

import common.db
from common.db import past_orm
from network.store.models import (
    AddressGroup,
    FloatingIp,
    Network,
    Port,
    QosPolicy,
    Quota,
    QuotaLock,
    Rbac,
    Router,
    SecurityGroup,
    SecurityRule,
    Subnet,
    SubnetPool,
    Trunk,
)

COUNTED: dict[str, Any] = {
    "network": Network,
    "subnet": Subnet,
    "port": Port,
    "router": Router,
    "floatingip": FloatingIp,
    "security_group": SecurityGroup,
    "security_group_rule": SecurityRule,
    "rbac_policy": Rbac,
    "subnetpool": SubnetPool,
    "address_group": AddressGroup,
    "trunk": Trunk,
    "qos_policy": QosPolicy,
}

_Q: Any = Quota.__table__
_LIMIT = select(_Q.c.value).where(
    _Q.c.project_id == bindparam("project"), _Q.c.resource == bindparam("resource")
)


def take_turn(session: Session, project_id: str) -> None:
    "Count and add alone until the transaction ends; see `common.db.take_turn`."
    common.db.take_turn(session, QuotaLock, project_id)


def used(session: Session, resource: str, project_id: str) -> int:
    "How many of a resource the project has."
    return past_orm(session).scalar(_used(resource), {"project": project_id}) or 0


@functools.cache
def _used(resource: str) -> Any:
    table = COUNTED[resource].__table__
    return select(func.count()).select_from(table).where(table.c.project_id == bindparam("project"))


def limits(session: Session, project_id: str) -> dict[str, int]:
    "The limits set for the project."
    rows = session.execute(
        select(Quota.resource, Quota.value).where(Quota.project_id == project_id)
    )
    return {key: value for key, value in rows}  # noqa: C416 rows are no pairs for mypy


def limit(session: Session, project_id: str, resource: str) -> int | None:
    "The limit set for the project, None: the default holds."
    return past_orm(session).scalar(_LIMIT, {"project": project_id, "resource": resource})


def set_limits(session: Session, project_id: str, values: dict[str, int]) -> None:
    "Set these limits, leave the others."
    for resource, value in values.items():
        session.merge(Quota(project_id=project_id, resource=resource, value=value))


def reset(session: Session, project_id: str) -> int:
    "Back to the defaults; how many limits were set."
    done: Any = session.execute(delete(Quota).where(Quota.project_id == project_id))
    return int(done.rowcount)


def projects(session: Session) -> list[str]:
    "Projects with limits of their own."
    return list(session.scalars(select(Quota.project_id).distinct().order_by(Quota.project_id)))
