"""A network with subnets and a way out, made for a project when it is first asked for: what a
server created with `--nic auto` gets. Network API reference, Auto Allocated Topologies.

The ids follow from the project's. So requests at once make one topology, what a crash cut short is
finished by the next request, and nothing has to be remembered.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, networks, routers, subnets
from network.schemas.nouns import NETWORK, ROUTER, SUBNET
from network.store import networks as store
from network.store import routers as router_store
from network.store import rows

_SPACE = uuid.UUID("3f4c2e0a-7f0b-4a39-9c0e-6f6d1b0a5f11")
_NAME = "auto_allocated_"


def _id(project_id: str, part: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{project_id}/{part}"))


def check(deps: Deps, ctx: Context, project_id: str) -> None:
    "Raise AutoAllocationFailure where the cloud lacks what a topology is made of."
    ctx.enforce("get_auto_allocated_topology", {"project_id": project_id})
    with deps.db.read() as session:
        _ground(session)


def _ground(session: Any) -> tuple[str, dict[int, str]]:
    "The default external network and the default subnet pools by IP version."
    external = store.default_external(session)
    if external is None:
        raise errors.AutoAllocationFailure(reason="No default router:external network")
    pools = {v: store.default_pool(session, v) for v in (4, 6)}
    found = {version: pool.id for version, pool in pools.items() if pool is not None}
    if not found:
        raise errors.AutoAllocationFailure(reason="No default subnetpools defined")
    return external.id, found


def get(deps: Deps, ctx: Context, project_id: str) -> str:
    """The id of the project's network, made if it is not there. Raises AutoAllocationFailure,
    OverQuota."""
    ctx.enforce("get_auto_allocated_topology", {"project_id": project_id})
    network_id, router_id = _id(project_id, "network"), _id(project_id, "router")
    with deps.db.read() as session:
        if _whole(session, network_id, router_id):
            return network_id
        external, pools = _ground(session)
    ctx.enforce("create_auto_allocated_topology", {"project_id": project_id})
    own = ctx.elevated()
    wish = NETWORK.values({"name": f"{_NAME}network"}, project_id)
    _ensure(
        deps, "network", network_id, lambda: networks.create(deps, own, {**wish, "id": network_id})
    )
    for version, pool in pools.items():
        _subnet(deps, own, project_id, network_id, version, pool)
    wish = ROUTER.values({"name": f"{_NAME}router"}, project_id)
    wish |= {"id": router_id, "external_gateway_info": {"network_id": external}}
    _ensure(deps, "router", router_id, lambda: routers.create(deps, own, wish))
    _connect(deps, own, network_id, router_id)
    return network_id


def _whole(session: Any, network_id: str, router_id: str) -> bool:
    inner = {s.id for s in router_store.inner_subnets(session, router_id)}
    mine = store.subnet_ids(session, network_id)
    return bool(mine) and inner >= set(mine)


def _ensure(deps: Deps, noun: str, key: str, make: Callable[[], Any]) -> None:
    def there() -> bool:
        with deps.db.read() as session:
            return rows.get(session, noun, key, None, True) is not None

    if there():
        return
    try:
        make()
    except Exception:
        # Another request may have made it at the same moment.
        if not there():
            raise


def _subnet(
    deps: Deps, own: Context, project_id: str, network_id: str, version: int, pool: str
) -> None:
    key = _id(project_id, f"subnet {version}")
    sent = {"name": f"{_NAME}subnet_v{version}", "network_id": network_id, "ip_version": version}
    sent |= {"subnetpool_id": pool}
    if version == 6:
        sent |= {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    wish = {**SUBNET.values(sent, project_id), "id": key}
    _ensure(deps, "subnet", key, lambda: subnets.create(deps, own, wish))


def _connect(deps: Deps, own: Context, network_id: str, router_id: str) -> None:
    for subnet_id in _apart(deps, network_id, router_id):
        try:
            routers.add_interface(deps, own, router_id, subnet_id, None)
        except errors.HTTPBadRequest:
            if subnet_id in _apart(deps, network_id, router_id):
                raise


def _apart(deps: Deps, network_id: str, router_id: str) -> list[str]:
    with deps.db.read() as session:
        inner = {s.id for s in router_store.inner_subnets(session, router_id)}
        return [key for key in store.subnet_ids(session, network_id) if key not in inner]


def delete(deps: Deps, ctx: Context, project_id: str) -> None:
    """Forget network, subnets and router; what is not there is no error. Raises NetworkInUse
    while servers are in it."""
    ctx.enforce("delete_auto_allocated_topology", {"project_id": project_id})
    network_id, router_id = _id(project_id, "network"), _id(project_id, "router")
    own = ctx.elevated()
    with deps.db.read() as session:
        if store.servers_in(session, network_id):
            raise errors.NetworkInUse(
                id=network_id, reason="There are one or more ports still in use on the network"
            )
        inner = {s.id for s in router_store.inner_subnets(session, router_id)}
        there = _there(session, (("router", router_id), ("network", network_id)))
    for subnet_id in inner:
        routers.remove_interface(deps, own, router_id, subnet_id, None)
    for noun, key in there:
        (routers if noun == "router" else networks).delete(deps, own, key)


def _there(session: Any, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(n, k) for n, k in keys if rows.get(session, n, k, None, True) is not None]
