"Queries about sharing, QoS, trunks and use of addresses."

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from network.store.models import (
    FloatingIp,
    Network,
    Port,
    PortForwarding,
    PortGroup,
    QosPolicy,
    QosRule,
    Rbac,
    Router,
    SecurityRule,
    Subnet,
    SubnetPool,
    Subport,
    Trunk,
)


def same_sharing(session: Session, object_id: str, action: str, target: str) -> bool:
    "Whether the policy exists already."
    return (
        session.scalar(
            select(Rbac.id).where(
                Rbac.object_id == object_id, Rbac.action == action, Rbac.target_tenant == target
            )
        )
        is not None
    )


def targets(session: Session, object_id: str, action: str) -> list[str]:
    "With whom an object is shared: projects, `*` for all."
    where = (Rbac.object_id == object_id, Rbac.action == action)
    return list(session.scalars(select(Rbac.target_tenant).where(*where)))


def users(session: Session, kind: str, action: str, object_id: str) -> set[str]:
    "Projects that have something which needs the object, as RBAC policies of this kind share it."
    found: set[str] = set()
    for column, condition in _users(kind, action, object_id):
        found |= set(session.scalars(select(column).where(condition).distinct()))
    return found - {""}


def _users(kind: str, action: str, key: str) -> list[tuple[Any, Any]]:
    if action == "access_as_external":
        gateway = exists().where(Port.id == Router.gateway_port_id, Port.network_id == key)
        return [
            (Router.project_id, gateway),
            (FloatingIp.project_id, FloatingIp.floating_network_id == key),
        ]
    by_kind: dict[str, list[tuple[Any, Any]]] = {
        "network": [
            (Port.project_id, Port.network_id == key),
            (Subnet.project_id, Subnet.network_id == key),
        ],
        "qos_policy": [
            (model.project_id, model.qos_policy_id == key)
            for model in (Network, Port, FloatingIp, Router)
        ],
        "security_group": [
            (
                Port.project_id,
                exists().where(PortGroup.port_id == Port.id, PortGroup.security_group_id == key),
            )
        ],
        "address_scope": [(SubnetPool.project_id, SubnetPool.address_scope_id == key)],
        "subnetpool": [(Subnet.project_id, Subnet.subnetpool_id == key)],
        "address_group": [(SecurityRule.project_id, SecurityRule.remote_address_group_id == key)],
    }
    return by_kind[kind]


def qos_users(session: Session, policy_id: str) -> tuple[str, str] | None:
    "(kind, id) of something that has the policy."
    for kind, model in (
        ("port", Port),
        ("network", Network),
        ("floatingip", FloatingIp),
        ("router", Router),
    ):
        found = session.scalar(select(model.id).where(model.qos_policy_id == policy_id).limit(1))
        if found:
            return kind, found
    return None


def qos_scopes(session: Session, policy_id: str) -> list[str]:
    "The scopes that a policy shows in."
    ports = (
        select(Port.id)
        .outerjoin(Network, Network.id == Port.network_id)
        .where(or_(Port.qos_policy_id == policy_id, Network.qos_policy_id == policy_id))
    )
    fips = select(FloatingIp.id).where(FloatingIp.qos_policy_id == policy_id)
    return [f"port:{i}" for i in session.scalars(ports)] + [
        f"fip:{i}" for i in session.scalars(fips)
    ]


def rule(session: Session, rule_id: str) -> QosRule | None:
    "A QoS rule."
    return session.get(QosRule, rule_id)


def default_policy(session: Session, project_id: str) -> QosPolicy | None:
    "The default QoS policy of a project."
    return session.scalars(
        select(QosPolicy).where(QosPolicy.project_id == project_id, QosPolicy.is_default)
    ).first()


def trunk_of_port(session: Session, port_id: str) -> Trunk | None:
    "The trunk whose parent the port is."
    return session.scalars(select(Trunk).where(Trunk.port_id == port_id)).first()


def subports(session: Session, trunk_id: str) -> list[Subport]:
    "The ports inside a trunk."
    return list(session.scalars(select(Subport).where(Subport.trunk_id == trunk_id)))


def forwarding(session: Session, floating_id: str, key: str) -> PortForwarding | None:
    "One port forwarding of a floating IP."
    return session.scalars(
        select(PortForwarding).where(
            PortForwarding.floatingip_id == floating_id, PortForwarding.id == key
        )
    ).first()


def networks_with_subnets(session: Session) -> list[Any]:
    "Every network with its subnets."
    from sqlalchemy.orm import selectinload

    return list(
        session.scalars(select(Network).options(selectinload(Network.subnets)).order_by(Network.id))
    )
