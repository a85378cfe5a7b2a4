"Queries over flavors and keypairs."

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from compute.store.models import Flavor, FlavorAccess, Keypair


def get(session: Session, flavorid: str, project_id: str | None = None) -> Flavor | None:
    "The flavor with this client-side id; with `project_id` only if that project may use it."
    query = select(Flavor).where(Flavor.flavorid == flavorid)
    if project_id is not None:
        query = query.where(_visible(project_id))
    return session.scalars(query).first()


def by_name(session: Session, name: str) -> Flavor | None:
    "The flavor with this name."
    return session.scalars(select(Flavor).where(Flavor.name == name)).first()


def _visible(project_id: str) -> Any:
    return or_(
        Flavor.is_public.is_(True),
        Flavor.id.in_(select(FlavorAccess.flavor_id).where(FlavorAccess.project_id == project_id)),
    )


def find(
    session: Session,
    *,
    project_id: str | None,
    is_public: bool | None,
    min_disk: int = 0,
    min_ram: int = 0,
    name: str = "",
    sort_key: str = "flavorid",
    descending: bool = False,
    limit: int | None = None,
    marker: Flavor | None = None,
) -> list[Flavor]:
    """Flavors for `project_id` (None: of everybody). `is_public` None takes public and private,
    `name` is a regular expression."""
    query = select(Flavor)
    if is_public is True:
        query = query.where(_visible(project_id) if project_id else Flavor.is_public.is_(True))
    elif is_public is False:
        query = query.where(Flavor.is_public.is_(False))
    if min_disk:
        query = query.where(Flavor.root_gib >= min_disk)
    if min_ram:
        query = query.where(Flavor.memory_mib >= min_ram)
    if name:
        query = query.where(Flavor.name.regexp_match(name))
    column = getattr(Flavor, sort_key)
    if marker is not None:
        value = getattr(marker, sort_key)
        beyond = column < value if descending else column > value
        query = query.where(or_(beyond, and_(column == value, Flavor.id > marker.id)))
    query = query.order_by(column.desc() if descending else column.asc(), Flavor.id)
    return list(session.scalars(query.limit(limit) if limit is not None else query))


def access(session: Session, flavor: Flavor) -> Sequence[str]:
    "Projects on the access list."
    return session.scalars(
        select(FlavorAccess.project_id)
        .where(FlavorAccess.flavor_id == flavor.id)
        .order_by(FlavorAccess.project_id)
    ).all()


def add_access(session: Session, flavor: Flavor, project_id: str) -> bool:
    "Give access; False when it was there."
    if session.get(FlavorAccess, (flavor.id, project_id)):
        return False
    session.add(FlavorAccess(flavor_id=flavor.id, project_id=project_id))
    return True


def remove_access(session: Session, flavor: Flavor, project_id: str) -> bool:
    "Take access; False when there was none."
    result = session.execute(
        delete(FlavorAccess).where(
            FlavorAccess.flavor_id == flavor.id, FlavorAccess.project_id == project_id
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def keypair(session: Session, user_id: str, name: str) -> Keypair | None:
    "A keypair of a user."
    return session.scalars(
        select(Keypair).where(Keypair.user_id == user_id, Keypair.name == name)
    ).first()


def keypairs(
    session: Session, user_id: str, limit: int | None = None, marker: str | None = None
) -> list[Keypair]:
    "Keypairs of a user by name."
    query = select(Keypair).where(Keypair.user_id == user_id).order_by(Keypair.name)
    if marker is not None:
        query = query.where(Keypair.name > marker)
    return list(session.scalars(query.limit(limit) if limit is not None else query))


def count_keypairs(session: Session, user_id: str) -> int:
    "How many keypairs a user has."
    return session.scalar(select(func.count()).where(Keypair.user_id == user_id)) or 0
