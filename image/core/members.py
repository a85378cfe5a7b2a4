"""Sharing images: the owner adds projects, each of them accepts or rejects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.db import after_commit, utcnow
from image.core import Deps, images
from image.errors import DuplicateMember, MemberNotFound, NotShareable, OverLimit
from image.store import members as table
from image.store.models import Image, Member


def _sees_all(ctx: Context, image: Image) -> bool:
    return ctx.is_admin or image.owner == ctx.project_id


def find(deps: Deps, ctx: Context, image_id: str) -> Sequence[Member]:
    "Members of an image: all for its owner, themselves for others."
    with deps.db.read() as session:
        image = images.require_in(session, deps, ctx, image_id, "get_members")
        if image.visibility != "shared":
            return []
        found = table.of_image(session, image_id)
    return [m for m in found if _sees_all(ctx, image) or m.member == ctx.project_id]


def get(deps: Deps, ctx: Context, image_id: str, member: str) -> Member:
    "One membership. Raises MemberNotFound."
    with deps.db.read() as session:
        image = images.require_in(session, deps, ctx, image_id, "get_member")
        return _member(session, ctx, image, member)


def _member(session: Any, ctx: Context, image: Image, member: str) -> Member:
    found = table.get(session, image.id, member)
    if found is None or not (_sees_all(ctx, image) or member == ctx.project_id):
        raise MemberNotFound(member=member, image_id=image.id)
    return found


def _shareable(image: Image) -> None:
    if image.visibility != "shared":
        raise NotShareable()


def add(deps: Deps, ctx: Context, image_id: str, member: str) -> Member:
    "Share an image with a project."
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "add_member", lock=True)
        _shareable(image)
        have = table.of_image(session, image_id)
        if any(m.member == member for m in have):
            raise DuplicateMember(member=member, image_id=image_id)
        limit = deps.config.image.members_most
        if 0 <= limit <= len(have):
            raise OverLimit(what="Image member", limit=limit, usage=len(have), asked=1)
        added = table.add(session, image_id, member)
        _announce(deps, ctx, session, "image.member.create", added)
    return added


def change(deps: Deps, ctx: Context, image_id: str, member: str, status: str) -> Member:
    "Accept, reject or reconsider a shared image: the member's own decision."
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "get_image")
        _shareable(image)
        found = _member(session, ctx, image, member)
        ctx.enforce("modify_member", {**images.target(image, ctx), "member_id": member})
        found.status, found.updated_at = status, utcnow()
        _announce(deps, ctx, session, "image.member.update", found)
    return found


def remove(deps: Deps, ctx: Context, image_id: str, member: str) -> None:
    "Stop sharing an image with a project."
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "delete_member", lock=True)
        _shareable(image)
        found = _member(session, ctx, image, member)
        session.delete(found)
        _announce(deps, ctx, session, "image.member.delete", found)


def _announce(deps: Deps, ctx: Context, session: Any, event: str, member: Member) -> None:
    payload = {
        "image_id": member.image_id,
        "member_id": member.member,
        "status": member.status,
    }
    after_commit(session, lambda: deps.notices.say(ctx, event, payload))
