"Subnet pools and address scopes, and taking prefixes from a pool."

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access, quotas, reading
from network.store import networks as store
from network.store.models import AddressScope, SubnetPool

_LENGTHS = ("default_prefixlen", "min_prefixlen", "max_prefixlen")


def merged(prefixes: Sequence[str]) -> list[str]:
    "The prefixes, neighbours joined. Raises Invalid where families are mixed."
    nets = [ipaddress.ip_network(p, strict=False) for p in prefixes]
    if len({n.version for n in nets}) != 1:
        raise errors.Invalid(
            field="prefixes",
            value=list(prefixes),
            reason="Cannot mix IPv4 and IPv6 prefixes in a subnet pool",
        )
    return [str(n) for n in ipaddress.collapse_addresses(nets)]  # type: ignore[type-var]


def _lengths(row: SubnetPool, values: dict[str, Any]) -> None:
    wide = 32 if row.ip_version == 4 else 128
    least = values.get("min_prefixlen", row.min_prefixlen)
    most = values.get("max_prefixlen", row.max_prefixlen)
    row.min_prefixlen = (8 if row.ip_version == 4 else 64) if least is None else least
    row.max_prefixlen = wide if most is None else most
    if row.max_prefixlen > wide or row.min_prefixlen > wide:
        raise errors.Invalid(
            field="max_prefixlen", value=row.max_prefixlen, reason=f"the most is {wide}"
        )
    default = values.get("default_prefixlen", row.default_prefixlen)
    row.default_prefixlen = row.min_prefixlen if default is None else default
    for low_name, high_name in (
        ("min_prefixlen", "max_prefixlen"),
        ("min_prefixlen", "default_prefixlen"),
        ("default_prefixlen", "max_prefixlen"),
    ):
        low, high = getattr(row, low_name), getattr(row, high_name)
        if low > high:
            raise errors.IllegalSubnetPoolPrefixBounds(
                low_type=low_name, low=low, high_type=high_name, high=high
            )


def _check_scope(session: Any, ctx: Context, row: SubnetPool, but: str | None = None) -> None:
    if not row.address_scope_id:
        return
    scope = reading.find(session, ctx, "address_scope", row.address_scope_id)
    if scope.ip_version != row.ip_version:
        raise errors.Invalid(
            field="address_scope_id",
            value=scope.id,
            reason=f"the address scope is of IP version {scope.ip_version}",
        )
    nets = [ipaddress.ip_network(p) for p in row.prefixes]
    for other in store.pools_of_scope(session, scope.id, but):
        if any(a.overlaps(ipaddress.ip_network(b)) for a in nets for b in other.prefixes):
            raise errors.AddressScopePrefixConflict(id=other.id)


def create(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> SubnetPool:
    "A subnet pool."
    access.enforce(ctx, "create_subnetpool", {"project_id": values["project_id"]}, guarded)

    def work(session: Any) -> SubnetPool:
        quotas.check(session, deps, values["project_id"], "subnetpool")
        prefixes = merged(values["prefixes"])
        row = SubnetPool(
            project_id=values["project_id"],
            name=values["name"],
            description=values["description"],
            prefixes=prefixes,
            ip_version=ipaddress.ip_network(prefixes[0]).version,
            default_quota=values["default_quota"],
            is_default=values["is_default"],
            address_scope_id=values["address_scope_id"],
        )
        _lengths(row, {k: values.get(k) for k in _LENGTHS})
        _check_default(session, row)
        with session.no_autoflush:
            _check_scope(session, ctx, row)
        session.add(row)
        session.flush()
        store.share(
            session, "subnetpool", row.id, "access_as_shared", values["shared"], row.project_id
        )
        return reading.any_of(session, "subnetpool", row.id)

    return deps.write(work)


def _check_default(session: Any, row: SubnetPool) -> None:
    if row.is_default:
        with session.no_autoflush:
            other = store.default_pool(session, row.ip_version)
        if other is not None and other.id != row.id:
            raise errors.Invalid(
                field="is_default",
                value=True,
                reason=f"A default subnetpool for this IP family has already been set: {other.id}",
            )


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> SubnetPool:
    "Change a pool; prefixes may only be added. Raises IllegalSubnetPoolUpdate."

    def work(session: Any) -> SubnetPool:
        row = reading.find(session, ctx, "subnetpool", key)
        access.enforce(ctx, "update_subnetpool", reading.owner(row), guarded)
        access.check_revision(row, revision)
        if "prefixes" in values:
            wider = merged([*values["prefixes"]])
            have = [ipaddress.ip_network(p) for p in row.prefixes]
            nets: list[Any] = [ipaddress.ip_network(w) for w in wider]
            if not all(any(h.subnet_of(w) for w in nets) for h in have):
                raise errors.IllegalSubnetPoolUpdate(
                    reason="Existing prefixes must be a subset of the new prefixes"
                )
            row.prefixes = wider
        _lengths(row, values)
        for name in ("name", "description", "default_quota", "is_default", "address_scope_id"):
            if name in values:
                setattr(row, name, values[name])
        _check_default(session, row)
        _check_scope(session, ctx, row, key)
        row.touch()
        session.flush()
        return reading.any_of(session, "subnetpool", key)

    return deps.write(work)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Delete a pool. Raises SubnetPoolInUse."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "subnetpool", key)
        access.enforce(ctx, "delete_subnetpool", reading.owner(row))
        access.check_revision(row, revision)
        if store.subnets_of_pool(session, key):
            raise errors.SubnetPoolInUse(id=key, reason="Subnet pool has existing allocations")
        store.forget_sharing(session, key)
        session.delete(row)

    deps.write(work)


def take(
    session: Any, deps: Deps, ctx: Context, pool_id: str, cidr: str | None, values: dict[str, Any]
) -> str:
    """A prefix of the pool: the one asked for, or the first free one of the asked length. Raises
    SubnetAllocationError, Invalid."""
    pool = reading.find(session, ctx, "subnetpool", pool_id, lock=True)
    if values.get("ip_version") not in (None, pool.ip_version):
        raise errors.HTTPBadRequest(
            reason=f"Cannot allocate IPv{values['ip_version']} subnet from IPv{pool.ip_version} "
            f"subnet pool"
        )
    taken = [ipaddress.ip_network(c) for c in store.cidrs_of_pool(session, pool_id)]
    if cidr:
        if values.get("prefixlen") is not None:
            raise errors.HTTPBadRequest(reason="cidr and prefixlen must not be supplied together")
        net: Any = ipaddress.ip_network(cidr, strict=False)
        inside = any(
            net.version == pool.ip_version and net.subnet_of(ipaddress.ip_network(p))
            for p in pool.prefixes
        )
        if not inside or any(net.overlaps(t) for t in taken):
            raise errors.SubnetAllocationError(
                reason=f"Cannot allocate requested subnet from the available set of prefixes: "
                f"{cidr}"
            )
    else:
        length = values.get("prefixlen")
        length = pool.default_prefixlen if length is None else length
        _check_length(pool, length)
        net = _first_free(pool.prefixes, taken, length)
    _check_pool_quota(session, pool, net, values["project_id"])
    return str(net)


def _check_length(pool: SubnetPool, length: int) -> None:
    if not pool.min_prefixlen <= length <= pool.max_prefixlen:
        raise errors.Invalid(
            field="prefixlen",
            value=length,
            reason=(
                f"Unable to allocate subnet with prefix length {length}, allowed are "
                f"{pool.min_prefixlen} to {pool.max_prefixlen}"
            ),
        )


def _first_free(prefixes: Sequence[str], taken: list[Any], length: int) -> Any:
    for prefix in prefixes:
        net: Any = ipaddress.ip_network(prefix)
        if length < net.prefixlen:
            continue
        step = 1 << (net.max_prefixlen - length)
        start, end = int(net[0]), int(net[-1])
        inside = sorted((t for t in taken if t.overlaps(net)), key=lambda t: int(t[0]))
        for other in inside:
            if int(other[0]) - start >= step:
                break
            start = max(start, -(-(int(other[-1]) + 1) // step) * step)
        if start + step - 1 <= end:
            return ipaddress.ip_network(
                (start if net.version == 4 else ipaddress.IPv6Address(start), length)
            )
    raise errors.SubnetAllocationError(
        reason=f"Insufficient prefix space to allocate subnet size /{length}"
    )


def _check_pool_quota(session: Any, pool: SubnetPool, net: Any, project_id: str) -> None:
    if pool.default_quota is None:
        return
    unit = 32 if pool.ip_version == 4 else 64

    def weight(length: int) -> int:
        return int(2 ** (unit - length)) if length <= unit else 0

    used = sum(
        weight(ipaddress.ip_network(c).prefixlen)
        for c in store.cidrs_of_pool_by_project(session, pool.id, project_id)
    )
    if used + weight(net.prefixlen) > pool.default_quota:
        raise errors.SubnetPoolQuotaExceeded()


def create_scope(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> AddressScope:
    "An address scope."
    access.enforce(ctx, "create_address_scope", {"project_id": values["project_id"]}, guarded)

    def work(session: Any) -> AddressScope:
        row = AddressScope(
            project_id=values["project_id"], name=values["name"], ip_version=values["ip_version"]
        )
        session.add(row)
        session.flush()
        store.share(
            session, "address_scope", row.id, "access_as_shared", values["shared"], row.project_id
        )
        return reading.any_of(session, "address_scope", row.id)

    return deps.write(work)


def update_scope(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> AddressScope:
    "Rename or share an address scope."

    def work(session: Any) -> AddressScope:
        row = reading.find(session, ctx, "address_scope", key)
        access.enforce(ctx, "update_address_scope", reading.owner(row), guarded)
        access.check_revision(row, revision)
        if row.shared and values.get("shared") is False:
            raise errors.Invalid(
                field="shared",
                value=False,
                reason="Cannot unset 'shared' attribute of an address scope",
            )
        if "name" in values:
            row.name = values["name"]
        if values.get("shared"):
            store.share(session, "address_scope", key, "access_as_shared", True, row.project_id)
        row.touch()
        session.flush()
        return reading.any_of(session, "address_scope", key)

    return deps.write(work)


def delete_scope(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Delete an address scope. Raises AddressScopeInUse."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "address_scope", key)
        access.enforce(ctx, "delete_address_scope", reading.owner(row))
        access.check_revision(row, revision)
        if store.pools_of_scope(session, key):
            raise errors.AddressScopeInUse(id=key)
        store.forget_sharing(session, key)
        session.delete(row)

    deps.write(work)
