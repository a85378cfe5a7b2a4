"""Memberships as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from image.store.models import Member
from image.views.images import moment


def document(member: Member) -> dict[str, Any]:
    "One membership."
    return {
        "member_id": member.member,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": moment(member.created_at),
        "updated_at": moment(member.updated_at),
        "schema": "/v2/schemas/member",
    }


def collection(members: Iterable[Member]) -> dict[str, Any]:
    "The members of an image."
    return {"members": [document(m) for m in members], "schema": "/v2/schemas/members"}
