"""Quotas of containers and accounts: bytes and objects, checked before the body is read and again
with the commit.

Source: Object Storage API, X-Container-Meta-Quota-Bytes/-Count, X-Account-Meta-Quota-Bytes,
X-Account-Quota-Count and
-Bytes-Policy-NAME, -Count-Policy-NAME.
"""

from __future__ import annotations

from typing import Any

from objectstore.core import Deps
from objectstore.core.entries import Entry, Place
from objectstore.errors import UploadOverQuota
from objectstore.store import Session, accounts, containers
from objectstore.store.models import Container


def _limit(value: Any) -> int | None:
    text = str(value if value is not None else "")
    return int(text) if text.isdecimal() else None


def _account_limits(place: Place) -> tuple[int | None, int | None, int | None, int | None]:
    "(bytes, objects, bytes in the container's policy, objects in it)."
    quota = place.account_sysmeta.get("quota", {})
    return (
        _limit(place.account_meta.get("quota-bytes")),
        _limit(quota.get("count")),
        _limit(quota.get(f"bytes-policy-{place.policy}")),
        _limit(quota.get(f"count-policy-{place.policy}")),
    )


def has_any(place: Place) -> bool:
    "Whether anything limits this container."
    return any(
        v is not None
        for v in (
            _limit(place.meta.get("quota-bytes")),
            _limit(place.meta.get("quota-count")),
            *_account_limits(place),
        )
    )


def check_upload(deps: Deps, place: Place, size: int, old: Entry | None) -> None:
    "Raise UploadOverQuota before the body is read, as far as its `size` (0 when unknown) tells."
    if has_any(place):
        with deps.db.read() as session:
            container = containers.by_id(session, place.container_id)
            if container is not None:
                check_commit(session, container, place, size, old)


def check_commit(session: Session, container: Container, place: Place, size: int, old: Any) -> None:
    "Raise UploadOverQuota when an object of `size` in place of `old` is too much."
    if not has_any(place):
        return
    replaced = old is not None and not container.sysmeta.get("versioning")
    grow = size - (old.stored if replaced else 0)
    more = 0 if old is not None else 1
    limit = _limit(place.meta.get("quota-bytes"))
    if limit is not None and grow > 0 and container.bytes + container.version_bytes + grow > limit:
        raise UploadOverQuota()
    limit = _limit(place.meta.get("quota-count"))
    if limit is not None and more and container.objects + more > limit:
        raise UploadOverQuota()
    limits = _account_limits(place)
    if all(most is None for most in limits):
        return
    totals = accounts.totals(session, place.account)
    here = [t for t in totals if t[0] == place.policy]
    used = (*_used(totals), *_used(here))
    for most, there, added in zip(limits, used, (grow, more, grow, more), strict=True):
        if most is not None and added > 0 and there + added > most:
            raise UploadOverQuota()


def _used(totals: list[tuple[int, int, int, int]]) -> tuple[int, int]:
    "(bytes, objects) of rows of `accounts.totals`."
    return sum(t[3] for t in totals), sum(t[2] for t in totals)
