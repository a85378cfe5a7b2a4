"What projects have, and how much they may."

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

import common.db
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


def take_turn(session: Session, project_id: str) -> None:
    "Count and add alone until the transaction ends; see `common.db.take_turn`."
    common.db.take_turn(session, QuotaLock, project_id)


def used(session: Session, resource: str, project_id: str) -> int:
    "How many of a resource the project has."
    model = COUNTED[resource]
    return (
        session.scalar(
            select(func.count()).select_from(model).where(model.project_id == project_id)
        )
        or 0
    )


def limits(session: Session, project_id: str) -> dict[str, int]:
    "The limits set for the project."
    rows = session.execute(
        select(Quota.resource, Quota.value).where(Quota.project_id == project_id)
    )
    return {key: value for key, value in rows}  # noqa: C416 rows are no pairs for mypy


def limit(session: Session, project_id: str, resource: str) -> int | None:
    "The limit set for the project, None: the default holds."
    return session.scalar(
        select(Quota.value).where(Quota.project_id == project_id, Quota.resource == resource)
    )


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
