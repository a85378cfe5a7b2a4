"""/v1/{account}"""

from __future__ import annotations

from objectstore.api.listing import listing_format, parse_query
from objectstore.api.request import Answer, Request, latin
from objectstore.core import access, accounts, clock
from objectstore.core.accounts import AccountInfo, Totals
from objectstore.errors import InvalidHeader
from objectstore.views import listings


def get(req: Request) -> Answer:
    "List containers."
    info = accounts.get(req.deps, req.account)
    owner = access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=False)
    form = listing_format(req)
    query = parse_query(req)
    totals = accounts.totals(req.deps, req.account)
    items = listings.container_items(accounts.list_containers(req.deps, req.account, query))
    headers = _headers(req, info, totals, owner)
    if form == "plain" and not items:
        return Answer(204, [*headers, ("Content-Type", listings.TYPES["plain"])])
    body = listings.render(items, form, "account", "container", req.account)
    return Answer(200, [*headers, ("Content-Type", listings.TYPES[form])], body)


def head(req: Request) -> Answer:
    "Totals and metadata."
    info = accounts.get(req.deps, req.account)
    owner = access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=False)
    totals = accounts.totals(req.deps, req.account)
    return Answer(
        204,
        [
            *_headers(req, info, totals, owner),
            ("Content-Type", listings.TYPES[listing_format(req)]),
        ],
    )


def _headers(req: Request, info: AccountInfo, totals: Totals, owner: bool) -> list[tuple[str, str]]:
    headers = [
        ("X-Account-Container-Count", str(totals.containers)),
        ("X-Account-Object-Count", str(totals.objects)),
        ("X-Account-Bytes-Used", str(totals.bytes)),
        ("X-Timestamp", clock.stamp(info.created)),
        ("X-Put-Timestamp", clock.stamp(info.created)),
        ("Accept-Ranges", "bytes"),
        *listings.policy_usage(req.deps, totals.by_policy),
    ]
    for name, value in info.meta.items():
        if owner or not name.startswith("temp-url-key"):
            headers.append((f"X-Account-Meta-{name.title()}", latin(value)))
    quota = info.sysmeta.get("quota", {})
    for name, value in quota.items():
        headers.append((f"X-Account-Quota-{_quota_title(req, name)}", value))
    if "quota-bytes" in info.meta:
        headers.append(("X-Account-Quota-Bytes", info.meta["quota-bytes"]))
    if owner and info.sysmeta.get("acl"):
        import json

        headers.append(
            ("X-Account-Access-Control", latin(json.dumps(info.sysmeta["acl"], ensure_ascii=True)))
        )
    return headers


def _quota_title(req: Request, name: str) -> str:
    kind, policy, index = name.partition("-policy-")
    if policy:
        return f"{kind.title()}-Policy-{req.deps.policy_at(int(index)).name}"
    return name.title()


def put(req: Request) -> Answer:
    "Make the account, for resellers."
    return _update(req, reseller_only=True)


def post(req: Request) -> Answer:
    "Metadata, quotas, ACL."
    return _update(req, reseller_only=False)


def _update(req: Request, reseller_only: bool) -> Answer:
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    reseller = access.is_reseller(req.deps, req.caller)
    if reseller_only and not reseller:
        raise req.caller.denied()
    meta = {
        **dict.fromkeys(req.prefixed("X-Remove-Account-Meta-"), ""),
        **req.prefixed("X-Account-Meta-"),
    }
    quota = _quotas(req)
    if "quota-bytes" in quota:
        meta["quota-bytes"] = quota.pop("quota-bytes")
    if "quota-bytes" in meta:
        value = meta["quota-bytes"]
        if value and not value.isdecimal():
            raise InvalidHeader(
                header="X-Account-Meta-Quota-Bytes", reason="must be a whole number of bytes"
            )
    if ("quota-bytes" in meta or quota) and not reseller:
        raise req.caller.denied()
    acl = None
    if req.has("X-Account-Access-Control"):
        acl = access.parse_account_acl(req.header("X-Account-Access-Control"))
    made = accounts.update(req.deps, req.account, meta, quota, acl)
    if reseller_only:
        return Answer(201 if made else 202, [("Content-Type", listings.TYPES["plain"])])
    return Answer(204, [("Content-Type", listings.TYPES["plain"])])


def _quotas(req: Request) -> dict[str, str]:
    "X-Account-Quota-Bytes, -Count, -Bytes-Policy-NAME, -Count-Policy-NAME; by the policy's index."
    found = {}
    given = {
        **dict.fromkeys(req.prefixed("X-Remove-Account-Quota-"), ""),
        **req.prefixed("X-Account-Quota-"),
    }
    for name, value in given.items():
        if value and not value.isdecimal():
            raise InvalidHeader(header=f"X-Account-Quota-{name}", reason="must be a whole number")
        if name == "bytes":
            found["quota-bytes"] = value
        elif name.startswith(("bytes-policy-", "count-policy-")):
            kind, _, policy = name.partition("-policy-")
            found[f"{kind}-policy-{req.deps.policy_named(policy).index}"] = value
        elif name == "count":
            found[name] = value
        else:
            raise InvalidHeader(header=f"X-Account-Quota-{name}", reason="there is no such quota")
    return found


def delete(req: Request) -> Answer:
    "Forget an empty account, for resellers."
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    if not access.is_reseller(req.deps, req.caller):
        raise req.caller.denied()
    accounts.delete(req.deps, req.account)
    return Answer(204, [("Content-Type", listings.TYPES["plain"])])
