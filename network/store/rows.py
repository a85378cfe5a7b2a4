"""For each noun: its table, who sees which rows, what a list may be filtered and sorted by, what
is loaded with a row.

Reading any noun goes through `get` and `page`; what is particular to one is a line in `SPECS`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from common import records
from common.errors import BadRequest
from network.store import listing
from network.store.listing import Query, shared_with, visible
from network.store.models import (
    AddressGroup,
    AddressScope,
    Allocation,
    DefaultRule,
    FloatingIp,
    MeteringLabel,
    MeteringRule,
    Network,
    Port,
    PortForwarding,
    PortGroup,
    QosPolicy,
    Rbac,
    Router,
    SecurityGroup,
    SecurityRule,
    Segment,
    Subnet,
    SubnetPool,
    Trunk,
)

Scope = Callable[[str | None, bool], Select[Any]]


class BadFilter(BadRequest):
    "Invalid input for filter {name}. Reason: '{value}' is not a {kind}."

    kind = "HTTPBadRequest"


class UnknownFilter(BadRequest):
    "Filter or sort key is not supported: {name}."

    kind = "HTTPBadRequest"


@dataclass(frozen=True)
class Spec:
    "How one noun is read."

    model: Any
    scope: Scope
    shared_kind: str | None = None
    """The object_type of RBAC policies that share it; its rows then get an attribute `shared`."""
    loads: Sequence[str] = ()
    """Relations that are read with a row, as paths of names."""
    names: Mapping[str, Any] = field(default_factory=dict)
    """Attributes whose column is called otherwise."""
    special: Mapping[str, Callable[[Sequence[Any]], Any]] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        "API attribute -> column."
        model = self.model
        out = {c.key: getattr(model, c.key) for c in model.__mapper__.column_attrs}
        for ours, theirs in (("project_id", "tenant_id"), ("revision", "revision_number")):
            if ours in out:
                out[theirs] = out[ours]
        return {**out, **self.names}


def _own(model: Any, kind: str | None = None) -> Scope:
    return lambda project, every: visible(model, kind, project, every)


def _networks(project: str | None, every: bool) -> Select[Any]:
    return visible(Network, "network", project, every, "access_as_shared", "access_as_external")


def _subnets(project: str | None, every: bool) -> Select[Any]:
    if every:
        return select(Subnet)
    owner = exists().where(Network.id == Subnet.network_id, Network.project_id == (project or "\0"))
    return select(Subnet).where(
        or_(
            Subnet.project_id == (project or "\0"),
            owner,
            shared_with(Subnet.network_id, "network", project or "\0"),
        )
    )


def _ports(project: str | None, every: bool) -> Select[Any]:
    if every:
        return select(Port)
    mine = project or "\0"
    # The ids of one's networks are few; a subquery lets the database use the index on network_id.
    return select(Port).where(
        or_(
            Port.project_id == mine,
            Port.network_id.in_(select(Network.id).where(Network.project_id == mine)),
        )
    )


def _rules(project: str | None, every: bool) -> Select[Any]:
    if every:
        return select(SecurityRule)
    group = exists().where(
        SecurityGroup.id == SecurityRule.security_group_id,
        or_(
            SecurityGroup.project_id == (project or "\0"),
            shared_with(SecurityGroup.id, "security_group", project or "\0"),
        ),
    )
    return select(SecurityRule).where(group)


def _everybody(model: Any) -> Scope:
    return lambda project, every: select(model)


def _labels(project: str | None, every: bool) -> Select[Any]:
    return visible(MeteringLabel, None, project, every)


def _forwardings(project: str | None, every: bool) -> Select[Any]:
    return visible(PortForwarding, None, project, every)


def _fixed_ips(values: Sequence[Any]) -> Any:
    test = [Allocation.port_id == Port.id]
    by: dict[str, list[str]] = {}
    for value in values:
        key, _, wanted = value.partition("=")
        by.setdefault(key, []).append(wanted)
    for key, wanted_values in by.items():
        if key == "ip_address":
            test.append(Allocation.ip_address.in_(wanted_values))
        elif key == "subnet_id":
            test.append(Allocation.subnet_id.in_(wanted_values))
        elif key == "ip_address_substr":
            test.append(
                or_(*(Allocation.ip_address.contains(w, autoescape=True) for w in wanted_values))
            )
        else:
            raise UnknownFilter(name=f"fixed_ips={key}")
    return exists().where(*test)


def _shared(model: Any, kind: str) -> Callable[[Sequence[Any]], Any]:
    def test(values: Sequence[Any]) -> Any:
        wanted = {str(v).lower() in ("true", "1", "yes") for v in values}
        everyone = exists().where(
            Rbac.object_id == model.id,
            Rbac.object_type == kind,
            Rbac.target_tenant == "*",
            Rbac.action == "access_as_shared",
        )
        return or_(*(everyone if w else ~everyone for w in wanted))

    return test


def _segment_of(column: Any) -> Callable[[Sequence[Any]], Any]:
    return lambda values: exists().where(Segment.network_id == Network.id, column.in_(values))


def _id_prefix(model: Any) -> Callable[[Sequence[Any]], Any]:
    return lambda values: or_(*(model.id.startswith(v, autoescape=True) for v in values))


SPECS: dict[str, Spec] = {
    "network": Spec(
        Network,
        _networks,
        "network",
        ("subnets", "segments"),
        {"router:external": Network.external},
        {
            "shared": _shared(Network, "network"),
            "provider:network_type": _segment_of(Segment.network_type),
            "provider:physical_network": _segment_of(Segment.physical_network),
            "provider:segmentation_id": _segment_of(Segment.segmentation_id),
        },
    ),
    "subnet": Spec(
        Subnet,
        _subnets,
        None,
        (),
        {},
        {
            "shared": lambda v: exists().where(
                Network.id == Subnet.network_id, _shared(Network, "network")(v)
            )
        },
    ),
    "subnetpool": Spec(
        SubnetPool,
        _own(SubnetPool, "subnetpool"),
        "subnetpool",
        (),
        {},
        {"shared": _shared(SubnetPool, "subnetpool")},
    ),
    "address_scope": Spec(
        AddressScope,
        _own(AddressScope, "address_scope"),
        "address_scope",
        (),
        {},
        {"shared": _shared(AddressScope, "address_scope")},
    ),
    "port": Spec(
        Port,
        _ports,
        None,
        ("allocations", "groups", "network"),
        {"binding:host_id": Port.host_id, "binding:vnic_type": Port.vnic_type},
        {
            "fixed_ips": _fixed_ips,
            "security_groups": lambda v: exists().where(
                PortGroup.port_id == Port.id, PortGroup.security_group_id.in_(v)
            ),
        },
    ),
    "router": Spec(
        Router,
        _own(Router),
        None,
        ("gateway_port.allocations",),
        {"gw_port_id": Router.gateway_port_id},
    ),
    "floatingip": Spec(
        FloatingIp,
        _own(FloatingIp),
        None,
        ("port", "forwardings"),
    ),
    "port_forwarding": Spec(PortForwarding, _forwardings),
    "security_group": Spec(
        SecurityGroup,
        _own(SecurityGroup, "security_group"),
        "security_group",
        ("rules",),
        {},
        {"shared": _shared(SecurityGroup, "security_group")},
    ),
    "security_group_rule": Spec(SecurityRule, _rules),
    "default_security_group_rule": Spec(DefaultRule, _everybody(DefaultRule)),
    "address_group": Spec(
        AddressGroup,
        _own(AddressGroup, "address_group"),
        "address_group",
        (),
        {},
        {"shared": _shared(AddressGroup, "address_group")},
    ),
    "rbac_policy": Spec(Rbac, _own(Rbac)),
    "policy": Spec(
        QosPolicy,
        _own(QosPolicy, "qos_policy"),
        "qos_policy",
        ("rules",),
        {},
        {"shared": _shared(QosPolicy, "qos_policy")},
    ),
    "trunk": Spec(Trunk, _own(Trunk), None, ("subports", "port")),
    "segment": Spec(Segment, _everybody(Segment)),
    "metering_label": Spec(MeteringLabel, _labels),
    "metering_label_rule": Spec(MeteringRule, _everybody(MeteringRule)),
}
_COLUMNS: dict[str, dict[str, Any]] = {noun: spec.columns() for noun, spec in SPECS.items()}
_LOADS = {noun: records.options(spec.model, spec.loads) for noun, spec in SPECS.items()}
_TAGS = ("tags", "tags-any", "not-tags", "not-tags-any")


@functools.lru_cache(256)
def _by_key(noun: str, project_id: str | None, see_all: bool, lock: bool) -> Select[Any]:
    "The statement of `get`: kept, because making it costs as much as what it finds."
    spec = SPECS[noun]
    statement = spec.scope(project_id, see_all).where(spec.model.id == bindparam("key"))
    statement = statement.options(*_LOADS[noun])
    return statement.with_for_update(of=spec.model) if lock else statement


def get(
    session: Session,
    noun: str,
    key: str,
    project_id: str | None,
    see_all: bool,
    *,
    lock: bool = False,
) -> Any:
    """The row with its relations if the caller may see it, else None. `lock` keeps others from
    changing it meanwhile."""
    statement = _by_key(noun, project_id, see_all, lock)
    row = session.scalars(statement, {"key": key}).first()
    if row is not None:
        _note_shared(session, noun, [row], project_id)
    return row


@functools.lru_cache(256)
def _to_show(noun: str, project_id: str | None, see_all: bool) -> Select[Any]:
    spec = SPECS[noun]
    statement = spec.scope(project_id, see_all).where(spec.model.id == bindparam("key"))
    return records.columns_of(statement, spec.model)


def look(session: Session, noun: str, key: str, project_id: str | None, see_all: bool) -> Any:
    "As `get`, but a record: for what is only shown or read."
    spec, statement = SPECS[noun], _to_show(noun, project_id, see_all)
    row = records.first(session, statement, {"key": key}, spec.model, spec.loads)
    if row is not None:
        _note_shared(session, noun, [row], project_id)
    return row


def page(
    session: Session, noun: str, query: Query, project_id: str | None, see_all: bool
) -> list[Any]:
    "Records of one page of the rows that the caller may see, with their relations."
    spec = SPECS[noun]
    statement = listing.select_page(
        session,
        spec.scope(project_id, see_all),
        spec.model,
        query,
        _COLUMNS[noun],
        spec.special,
    )
    found = records.fetch(session, statement, spec.model, spec.loads)
    if query.reverse:
        found.reverse()
    _note_shared(session, noun, found, project_id)
    return found


def _note_shared(session: Session, noun: str, rows: list[Any], project_id: str | None) -> None:
    if noun == "subnet":
        shared = listing.shared_ids(
            session, "network", list({r.network_id for r in rows}), project_id
        )
        for row in rows:
            row.shared = row.network_id in shared
        return
    kind = SPECS[noun].shared_kind
    if kind:
        shared = listing.shared_ids(session, kind, [r.id for r in rows], project_id)
        for row in rows:
            row.shared = row.id in shared


def filter_values(noun: str, name: str, texts: Iterable[str]) -> list[Any]:
    "Filter values as the column has them. Raises UnknownFilter or BadFilter."
    spec = SPECS[noun]
    if name in spec.special:
        return list(texts)
    if name in _TAGS:
        if not hasattr(spec.model, "tags"):
            raise UnknownFilter(name=name)
        return list(texts)
    column = _COLUMNS[noun].get(name)
    if column is None:
        raise UnknownFilter(name=name)
    return [_typed(name, column.type, text) for text in texts]


def _typed(name: str, kind: Any, text: str) -> Any:
    if isinstance(kind, Boolean):
        if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise BadFilter(name=name, value=text, kind="boolean")
        return text.lower() in ("true", "1", "yes")
    if isinstance(kind, Integer):
        try:
            return int(text)
        except ValueError:
            raise BadFilter(name=name, value=text, kind="integer") from None
    if isinstance(getattr(kind, "impl", kind), DateTime):
        return _time(name, text)
    return text


def _time(name: str, text: str) -> Any:
    import datetime

    try:
        value = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise BadFilter(name=name, value=text, kind="time") from None
    return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def sortable(noun: str, name: str) -> bool:
    "Whether lists of `noun` may be sorted by `name`."
    return name in _COLUMNS[noun]


def count(session: Session, model: Any, project_id: str) -> int:
    "How many rows a project has."
    return (
        session.scalar(
            select(func.count()).select_from(model).where(model.project_id == project_id)
        )
        or 0
    )
