"OAuth tokens that are alive, and what can be forgotten."

from __future__ import annotations

import datetime
import time

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from identity.store.models import OAuthNonce, OAuthToken


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def living(session: Session, kind: str, token_id: str, *, lock: bool = False) -> OAuthToken | None:
    "The token, unless it ended; with `lock` nobody else has it until the transaction ends."
    query = select(OAuthToken).where(
        OAuthToken.id == token_id,
        OAuthToken.kind == kind,
        or_(OAuthToken.expires_at.is_(None), OAuthToken.expires_at > _now()),
    )
    return session.scalars(query.with_for_update() if lock else query).first()


def of_user(session: Session, user_id: str) -> list[OAuthToken]:
    "Living access tokens that a user authorized."
    query = select(OAuthToken).where(
        OAuthToken.user_id == user_id,
        OAuthToken.kind == "access",
        or_(OAuthToken.expires_at.is_(None), OAuthToken.expires_at > _now()),
    )
    return list(session.scalars(query.order_by(OAuthToken.id)))


def forget_ended(session: Session) -> None:
    "Remove tokens that have ended."
    session.execute(delete(OAuthToken).where(OAuthToken.expires_at <= _now()))


def forget_nonces(session: Session, seconds: int) -> None:
    "Remove what was served so long ago that its timestamp alone refuses it."
    session.execute(delete(OAuthNonce).where(OAuthNonce.timestamp < int(time.time()) - seconds))
