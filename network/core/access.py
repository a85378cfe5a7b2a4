"Who sees a row, who may change it, and whether the client knew its latest revision."

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.context import Context
from network import errors


def sees_all(ctx: Context) -> bool:
    "Whether the caller sees every project's rows: administrators and the other services."
    return ctx.is_admin or "service" in ctx.roles


def enforce(
    ctx: Context, rule: str, target: dict[str, Any], attributes: Iterable[str] = ()
) -> None:
    "Raise PolicyDenied unless `rule`, and `rule:attribute` for each attribute sent, hold."
    ctx.enforce(rule, target)
    for attribute in attributes:
        ctx.enforce(f"{rule}:{attribute}", target)


def check_revision(row: Any, expected: int | None) -> None:
    "Raise RevisionNumberConstraintFailed when `If-Match: revision_number=` named another revision."
    if expected is not None and expected != row.revision:
        raise errors.RevisionNumberConstraintFailed(expected=expected, current=row.revision)


def bump(*rows: Any) -> None:
    "Count a change of these rows."
    for row in rows:
        row.touch()
