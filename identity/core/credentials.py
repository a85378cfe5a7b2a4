"""Credentials: encrypted secrets of users; EC2 key pairs among them; and checking EC2 and S3
signatures made with them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from common.tokens import Claims
from identity.core import Deps, audit, issue, listing, scopes, times
from identity.core.login import Login, refuse_disabled
from identity.errors import AuthRefused, Duplicate, Invalid, LimitReached, NoSuch, NotAllowed
from identity.store import accounts, rows
from identity.store import listing as listing_store
from identity.store.models import Credential
from identity.store.types import Filter


def load(deps: Deps, ctx: Context, credential_id: str, rule: str) -> Credential:
    "A credential, if the caller passes `rule`."
    with deps.db.read() as session:
        found = session.get(Credential, credential_id)
    ctx.enforce(rule, {"target.credential.user_id": found.user_id if found else None})
    if found is None:
        raise NoSuch("credential", credential_id)
    return found


def load_ec2(deps: Deps, ctx: Context, user_id: str, access: str, rule: str) -> Credential:
    "The EC2 key pair of a user with this access key, if the caller passes `rule`. Raises NoSuch."
    ctx.enforce(rule, {"target.credential.user_id": user_id})
    with deps.db.read() as session:
        found = session.get(Credential, hashlib.sha256(access.encode()).hexdigest())
    if found is None or found.user_id != user_id:
        raise NoSuch("credential", access)
    return found


def list_all(deps: Deps, ctx: Context, args: Mapping[str, str]) -> tuple[list[Credential], bool]:
    "Credentials for a query; who may not see all sees their own."
    wanted = listing.parse(deps, args, "user_id type")
    if not ctx.allows("identity:list_credentials", {"target.credential.user_id": None}):
        ctx.enforce("identity:list_credentials", {"target.credential.user_id": ctx.user_id})
        wanted = listing.narrowed(wanted, Filter("user_id", "equals", ctx.user_id))
    with deps.db.read() as session:
        return listing_store.everything(session, Credential, wanted)


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> Credential:
    "A new credential. Raises Duplicate, Invalid, LimitReached."
    given.setdefault("user_id", ctx.user_id)
    ctx.enforce("identity:create_credential", {"target.credential.user_id": given["user_id"]})
    row = Credential(
        id=new_hex(),
        user_id=given["user_id"],
        project_id=given.get("project_id"),
        type=given["type"],
        extra={},
    )
    row.extra = {
        k: v
        for k, v in given.items()
        if k not in ("user_id", "project_id", "type", "blob", "id", "links")
    }
    blob = _text(given["blob"])
    if row.type == "ec2":
        pair = _pair(blob)
        row.id = hashlib.sha256(pair["access"].encode()).hexdigest()
        if ctx.trust_id:
            pair.setdefault("trust_id", ctx.trust_id)
        if ctx.application_credential_id:
            pair.setdefault("app_cred_id", ctx.application_credential_id)
        blob = json.dumps(pair)
        if not row.project_id:
            raise Invalid("project_id", "an ec2 credential needs it.")
    row.blob = deps.vault.encrypt(blob)
    with deps.db.write() as session:
        most = deps.config.credential.user_limit
        if most >= 0 and rows.count(session, Credential, user_id=row.user_id) >= most:
            raise LimitReached("credential", most)
        if session.get(Credential, row.id) is not None:
            raise Duplicate("credential", "the access key is in use")
        rows.add(session, row)
    audit.changed(deps, ctx, "credential", "created", row.id)
    return row


def _text(blob: Any) -> str:
    return blob if isinstance(blob, str) else json.dumps(blob)


def _pair(blob: str) -> dict[str, Any]:
    try:
        pair = json.loads(blob)
    except ValueError:
        pair = None
    if not isinstance(pair, dict) or not all(
        isinstance(pair.get(k), str) and pair[k] for k in ("access", "secret")
    ):
        raise Invalid("blob", "an ec2 credential is JSON with access and secret.")
    return pair


def update(deps: Deps, ctx: Context, credential_id: str, given: dict[str, Any]) -> Credential:
    "Change a credential; both its old and its new owner must be the caller's to change."
    load(deps, ctx, credential_id, "identity:update_credential")
    if "user_id" in given:
        ctx.enforce("identity:update_credential", {"target.credential.user_id": given["user_id"]})
    with deps.db.write() as session:
        row = rows.get(session, Credential, credential_id, "credential")
        if "blob" in given:
            blob = _text(given["blob"])
            if given.get("type", row.type) == "ec2":
                _keep_bounds(deps, row, blob)
            row.blob = deps.vault.encrypt(blob)
        for name in ("user_id", "project_id", "type"):
            if name in given:
                setattr(row, name, given[name])
    audit.changed(deps, ctx, "credential", "updated", credential_id)
    return row


def _keep_bounds(deps: Deps, row: Credential, blob: str) -> None:
    # What a trust or an application credential made must not grow beyond it.
    new, old = _pair(blob), json.loads(deps.vault.decrypt(row.blob)) if row.type == "ec2" else {}
    for name in ("trust_id", "app_cred_id", "access_token_id"):
        if old.get(name) != new.get(name):
            raise Invalid("blob", f"{name} cannot be changed.")


def delete(deps: Deps, ctx: Context, credential: Credential) -> None:
    "Delete a credential."
    with deps.db.write() as session:
        rows.remove(session, Credential, id=credential.id)
    audit.changed(deps, ctx, "credential", "deleted", credential.id)


def blob(deps: Deps, row: Credential) -> str:
    "The secret."
    return deps.vault.decrypt(row.blob)


def create_ec2(deps: Deps, ctx: Context, user_id: str, project_id: str) -> Credential:
    "A new EC2 key pair of a user in a project."
    ctx.enforce("identity:ec2_create_credential", {"target.credential.user_id": user_id})
    if ctx.oauth_token_id:
        raise NotAllowed("a token of OAuth cannot create key pairs, which would outlive it.")
    with deps.db.read() as session:
        if accounts.by_id(session, user_id) is None:
            raise NoSuch("user", user_id)
        if accounts.target(session, project_id) is None:
            raise NoSuch("project", project_id)
    access = new_hex()
    pair = {"access": access, "secret": new_hex(), "trust_id": ctx.trust_id}
    row = Credential(
        id=hashlib.sha256(access.encode()).hexdigest(),
        user_id=user_id,
        project_id=project_id,
        type="ec2",
        blob=deps.vault.encrypt(json.dumps(pair)),
        extra={},
    )
    with deps.db.write() as session:
        rows.add(session, row)
    audit.changed(deps, ctx, "credential", "created", row.id)
    return row


def list_ec2(deps: Deps, user_id: str) -> list[Credential]:
    "EC2 key pairs of a user."
    with deps.db.read() as session:
        return list(rows.every(session, Credential, user_id=user_id, type="ec2"))


def rotate(deps: Deps) -> int:
    "Encrypt every credential with a new key; returns how many."
    deps.vault.add_key()
    with deps.db.write() as session:
        found = rows.every(session, Credential)
        for row in found:
            row.blob = deps.vault.encrypt(deps.vault.decrypt(row.blob))
    return len(found)


def login_ec2(deps: Deps, given: dict[str, Any], *, s3: bool) -> tuple[str, Claims, str | None]:
    """A token for who signed a request: `access`, `signature` and what was signed (`token` for
    S3: the string to sign, base64; else verb, host, path, params or headers); and for a signature
    of version 4 to S3 the key that signs that day's requests to that region, in hex, so that the
    storage service need not ask for each. Raises AuthRefused."""
    started = time.time()
    with deps.db.read() as session:
        row = session.get(
            Credential, hashlib.sha256(str(given.get("access", "")).encode()).hexdigest()
        )
        account = accounts.by_id(session, row.user_id) if row else None
    if row is None or account is None or row.type != "ec2":
        raise AuthRefused("no such access key")
    pair = json.loads(blob(deps, row))
    signatures = (
        _s3_signatures(pair["secret"], given) if s3 else _ec2_signatures(pair["secret"], given)
    )
    signature = str(given.get("signature", "")).encode()
    compared = [hmac.compare_digest(s.encode(), signature) for s in signatures]
    if not any(compared):
        raise AuthRefused("wrong signature")
    if not s3:
        _refuse_old(deps, given)
    refuse_disabled(account)
    login = Login(account=account, methods=["ec2credential"])
    scope: Any = {"project": {"id": row.project_id}}
    if pair.get("trust_id"):
        scope = {"OS-TRUST:trust": {"id": pair["trust_id"]}}
    token, claims = issue.grant(deps, login, scopes.resolve(deps, login, scope), started)
    return token, claims, _day_key(pair["secret"], given) if s3 else None


def _s3_text(given: dict[str, Any]) -> bytes:
    try:
        return base64.urlsafe_b64decode(given["token"])
    except (KeyError, ValueError, TypeError):
        raise Invalid("token", "it is not base64.") from None


def _day_key(secret: str, given: dict[str, Any]) -> str | None:
    parts = _s3_text(given).split(b"\n")
    if parts[0] != b"AWS4-HMAC-SHA256":
        return None
    key = b"AWS4" + secret.encode()
    for part in parts[2].split(b"/"):
        key = hmac.digest(key, part, "sha256")
    return key.hex()


def _s3_signatures(secret: str, given: dict[str, Any]) -> list[str]:
    text = _s3_text(given)
    if text.startswith(b"AWS4-HMAC-SHA256"):
        parts = text.split(b"\n")
        if len(parts) != 4:
            raise AuthRefused("not a string to sign")
        key = bytes.fromhex(_day_key(secret, given) or "")
        return [hmac.digest(key, text, "sha256").hex()]
    return [base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()]


def _ec2_signatures(secret: str, given: dict[str, Any]) -> list[str]:
    params = {k: str(v) for k, v in (given.get("params") or {}).items()}
    headers = {k.lower(): str(v) for k, v in (given.get("headers") or {}).items()}
    if "X-Amz-Algorithm" in params or headers.get("authorization", "").startswith(
        "AWS4-HMAC-SHA256"
    ):
        return [_version4(secret, given, params, headers)]
    hosts = [str(given.get("host", ""))]
    hosts += [hosts[0].rsplit(":", 1)[0]] if ":" in hosts[0] else []
    query = "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in sorted(params.items()))
    digest = "sha1" if params.get("SignatureMethod") == "HmacSHA1" else "sha256"
    return [
        base64.b64encode(
            hmac.digest(
                secret.encode(),
                "\n".join((str(given.get("verb")), host, str(given.get("path")), query)).encode(),
                digest,
            )
        ).decode()
        for host in hosts
    ]


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")


def _version4(
    secret: str, given: dict[str, Any], params: dict[str, str], headers: dict[str, str]
) -> str:
    authorization = headers.get("authorization", "")
    fields = dict(
        p.strip().split("=", 1) for p in authorization.partition(" ")[2].split(",") if "=" in p
    )
    credential = params.get("X-Amz-Credential") or fields.get("Credential", "")
    signed = (params.get("X-Amz-SignedHeaders") or fields.get("SignedHeaders", "")).split(";")
    date = params.get("X-Amz-Date") or headers.get("x-amz-date", "")
    scope = credential.split("/")[1:]
    query = "&".join(
        f"{_quoted(k)}={_quoted(v)}" for k, v in sorted(params.items()) if k != "X-Amz-Signature"
    )
    canonical = "\n".join(
        (
            str(given.get("verb")),
            str(given.get("path")),
            query if given.get("verb") != "POST" else "",
            "".join(f"{h}:{headers.get(h, '')}\n" for h in signed),
            ";".join(signed),
            str(given.get("body_hash")),
        )
    )
    text = "\n".join(
        ("AWS4-HMAC-SHA256", date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest())
    )
    key = b"AWS4" + secret.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _refuse_old(deps: Deps, given: dict[str, Any]) -> None:
    params, headers = (
        given.get("params") or {},
        {k.lower(): v for k, v in (given.get("headers") or {}).items()},
    )
    text = params.get("Timestamp") or params.get("X-Amz-Date") or headers.get("x-amz-date")
    if not text:
        return
    try:
        when = (
            times.parse(text)
            if "-" in text
            else datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        )
    except ValueError:
        raise Invalid("Timestamp", "it is not a time.") from None
    if abs((times.now() - when).total_seconds()) > deps.config.credential.auth_ttl_m * 60:
        raise AuthRefused("the signature is too old")
