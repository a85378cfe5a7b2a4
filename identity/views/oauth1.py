"OAuth consumers and access tokens."

from __future__ import annotations

import datetime
from typing import Any

from identity.core import times
from identity.store.models import Consumer, OAuthToken
from identity.views import links


def time(when: datetime.datetime) -> str:
    "A time as clients of OAuth get it."
    return str(times.iso(when))


def consumer(row: Consumer) -> dict[str, Any]:
    "A consumer, without its secret."
    return {
        "id": row.id,
        "description": row.description,
        "links": links.own(f"OS-OAUTH1/consumers/{row.id}"),
    }


def token(row: OAuthToken) -> dict[str, Any]:
    "An access token, without its secret."
    path = f"users/{row.user_id}/OS-OAUTH1/access_tokens/{row.id}"
    return {
        "id": row.id,
        "consumer_id": row.consumer_id,
        "project_id": row.project_id,
        "authorizing_user_id": row.user_id,
        "expires_at": time(row.expires_at) if row.expires_at else None,
        "links": links.own(path) | {"roles": links.own(f"{path}/roles")["self"]},
    }
