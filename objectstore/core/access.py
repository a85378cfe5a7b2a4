"""Who may do what: the caller's role in the account's project, container ACLs, account ACLs.

Container ACLs are those of Swift with Keystone: `project:user` by ids (each may be `*`), `role`,
and for readers `.r:*`,
`.r:host`, `.r:-host` with `.rlistings`. Source: Object Storage API, "Access Control Lists".
"""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from common.context import Context
from common.errors import Forbidden, Unauthorized
from objectstore.core import Deps
from objectstore.core.metadata import MAX_HEADER
from objectstore.errors import InvalidHeader

OWNER, READER = "owner", "reader"
_DECISION_S = 10


class AccessDenied(Forbidden):
    "Access was denied to this resource."


class TokenNeeded(Unauthorized):
    "This server could not verify that you are authorized to access the document you requested."


@dataclass
class Caller:
    """Who asks. `scope` limits a temporary URL: (account, container or None, object prefix or
    None); `grants` are
    the methods that it may use."""

    ctx: Context | None = None
    referer: str = ""
    scope: tuple[str, str | None, str | None] | None = None
    grants: frozenset[str] = frozenset()
    by_account_key: bool = False
    """Whether the key of the temporary URL was the account's; a container's key opens nothing in
    other containers, whatever its objects lead to."""
    trusted: bool = False
    """Container synchronisation, and work that the service does for itself."""
    decided: bool = False
    _standing: dict[str, str] = field(default_factory=dict)

    def denied(self) -> Exception:
        "401 for nobody, 403 for somebody."
        self.decided = True
        return TokenNeeded() if self.ctx is None and self.scope is None else AccessDenied()


def standing(deps: Deps, caller: Caller, account: str) -> str:
    "OWNER, READER or '' by role alone."
    ctx = caller.ctx
    if caller.trusted:
        return OWNER
    if ctx is None:
        return ""
    known = caller._standing.get(account)
    if known is None:
        project = (
            account.removeprefix(deps.reseller_prefix)
            if account.startswith(deps.reseller_prefix)
            else ""
        )
        known = caller._standing[account] = _decide(
            deps,
            tuple(ctx.roles),
            bool(project) and ctx.project_id == project,
            ctx.system,
            int(time.time()) // _DECISION_S,
        )
    return known


def is_reseller(deps: Deps, caller: Caller) -> bool:
    "Whether the caller may act on every account."
    ctx = caller.ctx
    return caller.trusted or (ctx is not None and _rule(deps, "objectstore:reseller", ctx, False))


def _decide(deps: Deps, roles: tuple[str, ...], own: bool, system: str | None, period: int) -> str:
    # a decision depends on nothing else; the period lets a changed policy file show within seconds
    cache = deps.extras.get("standing")
    if cache is None:
        cache = deps.extras.setdefault(
            "standing", functools.lru_cache(1024)(functools.partial(_ask, deps))
        )
    return str(cache(roles, own, system, period))


def _ask(deps: Deps, roles: tuple[str, ...], own: bool, system: str | None, period: int) -> str:
    ctx = Context(roles=roles, project_id="own" if own else "other", system=system)
    if _rule(deps, "objectstore:operate", ctx, own) or _rule(
        deps, "objectstore:reseller", ctx, own
    ):
        return OWNER
    if _rule(deps, "objectstore:read", ctx, own) or _rule(deps, "objectstore:read_all", ctx, own):
        return READER
    return ""


def _rule(deps: Deps, name: str, ctx: Context, own: bool) -> bool:
    return deps.enforcer.check(name, {"project_id": "own" if own else "-"}, ctx)


def account_grant(deps: Deps, caller: Caller, account: str, sysmeta: dict[str, Any]) -> str:
    """'admin', 'read-write', 'read-only' or '' of the account's ACL, for somebody who is not its
    owner."""
    acl, ctx = sysmeta.get("acl"), caller.ctx
    if not acl or ctx is None:
        return ""
    names = _identities(ctx)
    for level in ("admin", "read-write", "read-only"):
        if names & set(acl.get(level, ())):
            return level
    return ""


def _identities(ctx: Context) -> set[str]:
    p, u = ctx.project_id or "", ctx.user_id or ""
    return {f"{p}:{u}", f"{p}:*", f"*:{u}", "*:*", p, u}


def check_account(
    deps: Deps, caller: Caller, account: str, sysmeta: dict[str, Any], write: bool
) -> bool:
    "Whether the caller counts as owner. Raises AccessDenied or TokenNeeded without the right."
    caller.decided = True
    if caller.scope is not None:
        raise caller.denied()
    by_role = standing(deps, caller, account)
    if by_role == OWNER:
        return True
    grant = account_grant(deps, caller, account, sysmeta)
    if grant == "admin":
        return True
    if not write and (by_role == READER or grant):
        return False
    raise caller.denied()


def check_container(
    deps: Deps,
    caller: Caller,
    account: str,
    container: str,
    acls: dict[str, Any],
    account_sysmeta: dict[str, Any],
    action: str,
    name: str | None = None,
    method: str = "GET",
) -> bool:
    """Whether the caller counts as owner; raises without the right. `action`: "list" (or read
    metadata), "read" an object,
    "write" an object, "own" (change the container)."""
    caller.decided = True
    if caller.scope is not None:
        if _in_scope(caller, account, container, name, method):
            return False
        raise caller.denied()
    by_role = standing(deps, caller, account)
    if by_role == OWNER:
        return True
    grant = account_grant(deps, caller, account, account_sysmeta)
    if grant == "admin":
        return True
    if action in ("list", "read") and (by_role == READER or grant):
        return False
    if action in ("write", "own") and grant == "read-write":
        return False
    if action != "own" and _acl_allows(
        caller, acls.get("write" if action == "write" else "read", ""), action
    ):
        return False
    raise caller.denied()


def _in_scope(caller: Caller, account: str, container: str, name: str | None, method: str) -> bool:
    assert caller.scope is not None
    for_account, for_container, prefix = caller.scope
    return (
        method in caller.grants
        and name is not None
        and account == for_account
        and for_container in (None, container)
        and (prefix is None or name.startswith(prefix))
    )


def _acl_allows(caller: Caller, text: str, action: str) -> bool:
    if not text:
        return False
    referrers, groups = parse_acl(text)
    listed = action == "read" or (action == "list" and ".rlistings" in groups)
    if referrers and listed and _referrer_allowed(caller.referer, referrers):
        return True
    ctx = caller.ctx
    if ctx is None:
        return False
    members = {g for g in groups if not g.startswith(".")}
    if (
        _identities(ctx) - {ctx.project_id, ctx.user_id}
        & members
        & {g for g in members if ":" in g}
    ):
        return True
    named = {
        f"{ctx.project_name}:{ctx.user_name}",
        f"{ctx.project_id}:{ctx.user_name}",
        f"{ctx.project_name}:{ctx.user_id}",
        f"{ctx.project_name}:*",
        f"*:{ctx.user_name}",
    }
    if "default" == ctx.user_domain_id == ctx.project_domain_id and named & members:
        return True
    return bool(set(ctx.roles) & members)


@functools.lru_cache(2048)
def parse_acl(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    "(referrer rules, everything else) of a container's ACL."
    referrers, groups = [], []
    for item in text.split(","):
        if item.startswith(".r:"):
            referrers.append(item[3:])
        elif item:
            groups.append(item)
    return tuple(referrers), frozenset(groups)


def clean_acl(header: str, text: str) -> str:
    "An ACL as it is stored. Raises InvalidHeader for what makes no sense."
    items = []
    for raw in text.split(","):
        item = raw.strip()
        if not item:
            continue
        first, colon, second = (part.strip() for part in item.partition(":"))
        if not first.startswith(".") or not colon:
            if first.startswith(".") and first != ".rlistings":
                raise InvalidHeader(header=header, reason=f"Unknown designator in ACL: {item!r}")
            if first == ".rlistings" and "write" in header.lower():
                raise InvalidHeader(header=header, reason="Referrers not allowed in write ACL")
            items.append(unquote(item) if not colon else unquote(f"{first}:{second}"))
            continue
        if first not in (".r", ".ref", ".referer", ".referrer"):
            raise InvalidHeader(
                header=header, reason=f"Unknown designator {first!r} in ACL: {item!r}"
            )
        if "write" in header.lower():
            raise InvalidHeader(
                header=header, reason=f"Referrers not allowed in write ACL: {item!r}"
            )
        denied = second.startswith("-")
        host = second.removeprefix("-").strip()
        if host not in ("", "*") and host.startswith("*"):
            host = host[1:]
        if not host or host == ".":
            raise InvalidHeader(
                header=header,
                reason=f"No host/domain value after referrer designation in ACL: {item!r}",
            )
        items.append(f".r:{'-' if denied else ''}{host}")
    return ",".join(items)


def _referrer_allowed(referer: str, rules: tuple[str, ...]) -> bool:
    allowed = False
    host = urlsplit(referer).hostname or "unknown"
    for rule in rules:
        if rule.startswith("-"):
            if host == rule[1:] or (rule[1:].startswith(".") and host.endswith(rule[1:])):
                allowed = False
        elif rule == "*" or host == rule or (rule.startswith(".") and host.endswith(rule)):
            allowed = True
    return allowed


def parse_account_acl(text: str) -> dict[str, list[str]]:
    "The JSON of X-Account-Access-Control. Raises InvalidHeader."
    header = "X-Account-Access-Control"
    if not text.strip():
        return {}
    if len(text) > MAX_HEADER:
        raise InvalidHeader(header=header, reason=f"is longer than {MAX_HEADER} bytes")
    try:
        acl = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidHeader(header=header, reason="it is not valid JSON") from None
    if not isinstance(acl, dict):
        raise InvalidHeader(header=header, reason="a JSON object is expected")
    for level, names in acl.items():
        if level not in ("admin", "read-write", "read-only"):
            raise InvalidHeader(header=header, reason=f"unknown access level {level!r}")
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise InvalidHeader(header=header, reason=f"{level} must be a list of strings")
    return acl
