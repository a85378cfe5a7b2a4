"Address groups: prefixes that security group rules name together."

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from network import errors
from network.core import Deps, access, quotas, reading
from network.store import networks as sharing
from network.store import outbox
from network.store import security as store
from network.store.models import AddressGroup


def _check(addresses: Sequence[str]) -> None:
    for address in addresses:
        if "/" not in address:
            raise errors.Invalid(
                field="addresses", value=address, reason="it is no prefix, as in 192.0.2.1/32"
            )


def _prefixes(addresses: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(str(ipaddress.ip_network(a, strict=False)) for a in addresses))


def create(deps: Deps, ctx: Any, values: dict[str, Any], guarded: Sequence[str] = ()) -> Any:
    "An address group."
    access.enforce(ctx, "create_address_group", {"project_id": values["project_id"]}, guarded)
    _check(values["addresses"])

    def work(session: Any) -> Any:
        quotas.check(session, deps, values["project_id"], "address_group")
        row = AddressGroup(
            project_id=values["project_id"],
            name=values["name"],
            description=values["description"],
            addresses=_prefixes(values["addresses"]),
        )
        session.add(row)
        session.flush()
        outbox.mark(session, f"ag:{row.id}")
        return reading.any_of(session, "address_group", row.id)

    return deps.write(work)


def update(
    deps: Deps,
    ctx: Any,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Any:
    "Rename or describe an address group."

    def work(session: Any) -> Any:
        row = reading.find(session, ctx, "address_group", key)
        access.enforce(ctx, "update_address_group", reading.owner(row), guarded)
        access.check_revision(row, revision)
        for name, value in values.items():
            setattr(row, name, value)
        row.touch()
        return row

    return deps.write(work)


def change(deps: Deps, ctx: Any, key: str, addresses: Sequence[str], add: bool) -> Any:
    "Add prefixes or take them away. Raises AddressesAlreadyExist, AddressesNotFound."

    def work(session: Any) -> Any:
        row = reading.find(session, ctx, "address_group", key, lock=True)
        access.enforce(ctx, "add_addresses" if add else "remove_addresses", reading.owner(row))
        sent = _prefixes(addresses)
        if add:
            _check(addresses)
            known = [a for a in sent if a in row.addresses]
            if known:
                raise errors.AddressesAlreadyExist(addresses=known, id=key)
            row.addresses = [*row.addresses, *sent]
        else:
            unknown = [a for a in sent if a not in row.addresses]
            if unknown:
                raise errors.AddressesNotFound(addresses=unknown, id=key)
            row.addresses = [a for a in row.addresses if a not in sent]
        row.touch()
        outbox.mark(session, f"ag:{key}")
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Any, key: str, revision: int | None = None) -> None:
    "Delete an address group. Raises AddressGroupInUse."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "address_group", key)
        access.enforce(ctx, "delete_address_group", reading.owner(row))
        access.check_revision(row, revision)
        if store.address_group_in_use(session, key):
            raise errors.AddressGroupInUse(id=key)
        sharing.forget_sharing(session, key)
        outbox.mark(session, f"ag:{key}")
        session.delete(row)

    deps.write(work)
