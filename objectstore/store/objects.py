"""Current objects and their older versions. Statements that serve every small request are built
once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from common.db import Database, past_orm
from common.lookup import Lookup, Write
from objectstore.store.models import Account, Blob, Change, Container, Object, Version

_O: Any = Object.__table__
_V: Any = Version.__table__
_C: Any = Container.__table__
_A: Any = Account.__table__
_B: Any = Blob.__table__
_SHARED = (
    "version_id",
    "ts",
    "size",
    "stored",
    "etag",
    "content_type",
    "kind",
    "meta",
    "sysmeta",
    "delete_at",
    "blob_id",
)

_FIND = Lookup(
    select(
        _C.c.id.label("c_id"),
        _C.c.policy,
        _C.c.meta.label("c_meta"),
        _C.c.sysmeta.label("c_sysmeta"),
        _A.c.meta.label("a_meta"),
        _A.c.sysmeta.label("a_sysmeta"),
        _O.c.name.label("o_name"),
        *(_O.c[c] for c in _SHARED),
        _B.c.locator,
        _B.c.size.label("blob_size"),
        _B.c.key.label("blob_key"),
    )
    .select_from(
        _C.join(_A, _A.c.name == _C.c.account)
        .outerjoin(_O, (_O.c.container_id == _C.c.id) & (_O.c.name == bindparam("o")))
        .outerjoin(_B, _B.c.id == _O.c.blob_id)
    )
    .where(_C.c.account == bindparam("a"), _C.c.name == bindparam("c"))
)
_FOUND = tuple(column.key for column in _FIND.statement.selected_columns)


def find(db: Database, account: str, container: str, name: str) -> dict[str, Any] | None:
    """All that a request for an object needs: the container (c_*), its account (a_*), the object
    and its blob (o_name is None without an object). None without the container."""
    row = _FIND.first(db, {"a": account, "c": container, "o": name})
    return None if row is None else dict(zip(_FOUND, row, strict=True))


_FIND_VERSION = (
    select(
        *(_V.c[c] for c in ("name", *_SHARED)),
        _B.c.locator,
        _B.c.size.label("blob_size"),
        _B.c.key.label("blob_key"),
    )
    .select_from(_V.outerjoin(_B, _B.c.id == _V.c.blob_id))
    .where(
        _V.c.container_id == bindparam("c"),
        _V.c.name == bindparam("o"),
        _V.c.version_id == bindparam("v"),
    )
)


def find_version(session: Session, container_id: int, name: str, version_id: str) -> Any:
    "An older version (or a marker) with its blob, or None."
    return (
        past_orm(session)
        .execute(_FIND_VERSION, {"c": container_id, "o": name, "v": version_id})
        .first()
    )


_GET = Lookup(select(_O).where(_O.c.container_id == bindparam("c"), _O.c.name == bindparam("o")))


def get(session: Session, container_id: int, name: str) -> Any:
    "The row of the current object, or None."
    return _GET.record(session, {"c": container_id, "o": name})


_INSERT = Write(insert(_O))
_UPDATE = Write(
    update(_O)
    .where(_O.c.container_id == bindparam("c_"), _O.c.name == bindparam("o_"))
    .values({c: bindparam(c) for c in _SHARED})
)
_DELETE = Write(delete(_O).where(_O.c.container_id == bindparam("c"), _O.c.name == bindparam("o")))


def insert_row(session: Session, container_id: int, name: str, values: dict[str, Any]) -> None:
    "A new current object; `values` has every column of ObjectColumns."
    _INSERT.run(session, {"container_id": container_id, "name": name, **values})


def replace_row(session: Session, container_id: int, name: str, values: dict[str, Any]) -> None:
    "Another object under the same name."
    _UPDATE.run(session, {"c_": container_id, "o_": name, **values})


def remove_row(session: Session, container_id: int, name: str) -> None:
    "No current object of that name any more."
    _DELETE.run(session, {"c": container_id, "o": name})


def set_meta(session: Session, container_id: int, name: str, values: dict[str, Any]) -> None:
    "Change columns of the current object."
    session.execute(
        update(_O).where(_O.c.container_id == container_id, _O.c.name == name).values(**values)
    )


def set_version(
    session: Session, container_id: int, name: str, version_id: str, values: dict[str, Any]
) -> bool:
    "Change columns of an older version; False when there is none."
    result: Any = session.execute(
        update(_V)
        .where(_V.c.container_id == container_id, _V.c.name == name, _V.c.version_id == version_id)
        .values(**values)
    )
    return bool(result.rowcount)


def values_of(row: Any) -> dict[str, Any]:
    "The columns that an object and a version have alike, from a row of either."
    return {c: getattr(row, c) for c in _SHARED}


def add_version(
    session: Session, container_id: int, name: str, values: dict[str, Any], latest: bool = False
) -> None:
    "Keep an object as an older version."
    session.execute(
        insert(_V), {"container_id": container_id, "name": name, "latest": latest, **values}
    )


def version(session: Session, container_id: int, name: str, version_id: str) -> Any:
    "The row of an older version, or None."
    return session.execute(
        select(_V).where(
            _V.c.container_id == container_id, _V.c.name == name, _V.c.version_id == version_id
        )
    ).first()


def newest_version(session: Session, container_id: int, name: str) -> Any:
    "The newest older version, markers included, or None."
    return session.execute(
        select(_V)
        .where(_V.c.container_id == container_id, _V.c.name == name)
        .order_by(_V.c.ts.desc())
        .limit(1)
    ).first()


def remove_version(session: Session, container_id: int, name: str, version_id: str) -> None:
    "Forget an older version."
    session.execute(
        delete(_V).where(
            _V.c.container_id == container_id, _V.c.name == name, _V.c.version_id == version_id
        )
    )


def set_latest_marker(
    session: Session, container_id: int, name: str, latest: bool, version_id: str | None = None
) -> None:
    "Say whether markers of `name` (or one of them) are what a GET would find."
    statement = (
        update(_V).where(_V.c.container_id == container_id, _V.c.name == name).values(latest=latest)
    )
    if version_id is not None:
        statement = statement.where(_V.c.version_id == version_id)
    session.execute(statement)


def any_in(session: Session, container_id: int) -> bool:
    "Whether the container has an object or a version."
    for table in (_O, _V):
        if session.execute(
            select(table.c.name).where(table.c.container_id == container_id).limit(1)
        ).first():
            return True
    return False


def expired(session: Session, now_s: int, limit: int) -> list[Any]:
    "(account, container, name, ts) of current objects whose time is over."
    return list(
        session.execute(
            select(_C.c.account, _C.c.name, _O.c.name, _O.c.ts)
            .join(_C, _C.c.id == _O.c.container_id)
            .where(_O.c.delete_at <= now_s)
            .order_by(_O.c.delete_at)
            .limit(limit)
        )
    )


def note_change(session: Session, container_id: int, name: str, ts: int, deleted: bool) -> None:
    "Something for container synchronisation to send."
    session.execute(
        insert(Change), {"container_id": container_id, "name": name, "ts": ts, "deleted": deleted}
    )


def changes(session: Session, container_id: int, limit: int) -> list[Change]:
    "What has still to be sent, oldest first."
    return list(
        session.scalars(
            select(Change)
            .where(Change.container_id == container_id)
            .order_by(Change.id)
            .limit(limit)
        )
    )


def note_all(session: Session, container_id: int) -> None:
    "Everything in the container is to be sent: synchronisation was just switched on."
    rows = select(_O.c.container_id, _O.c.name, _O.c.ts).where(_O.c.container_id == container_id)
    session.execute(
        insert(Change).from_select(["container_id", "name", "ts"], rows, include_defaults=True)
    )


def forget_changes(session: Session, ids: list[int]) -> None:
    "They were sent."
    session.execute(delete(Change).where(Change.id.in_(ids)))
