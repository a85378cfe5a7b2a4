"""Signatures of temporary URLs and of forms: an HMAC with a key of the account or the container.

Source: Object Storage API, "Temporary URL" and "Form POST".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from objectstore.core import Deps, accounts, containers
from objectstore.core.access import Caller, TokenNeeded

_BY_LENGTH = {40: "sha1", 64: "sha256", 128: "sha512"}


class BadSignature(TokenNeeded):
    "Temp URL invalid"


def keys(deps: Deps, account: str, container: str) -> Iterator[tuple[str, str | None]]:
    "(key, the container that it is limited to or None)."
    info = accounts.get(deps, account)
    for name in ("temp-url-key", "temp-url-key-2"):
        if info.meta.get(name):
            yield info.meta[name], None
    found = containers.find(deps, account, container) if container else None
    for name in ("temp-url-key", "temp-url-key-2"):
        if found is not None and found.meta.get(name):
            yield found.meta[name], container


def split(signature: str, allowed: Iterable[str]) -> tuple[str, bytes]:
    "(digest, raw signature) of hexadecimal or `sha256:BASE64` text. Raises BadSignature."
    name, colon, rest = signature.partition(":")
    try:
        if colon:
            raw = base64.b64decode(
                rest.replace("-", "+").replace("_", "/") + "=" * (-len(rest) % 4), validate=True
            )
        else:
            name, raw = _BY_LENGTH.get(len(signature), ""), binascii.unhexlify(signature)
    except (ValueError, binascii.Error):
        raise BadSignature() from None
    if name not in allowed:
        raise BadSignature()
    return name, raw


def expiry(text: str) -> int:
    "Unix seconds from digits or 2024-01-31T12:00:00Z. Raises BadSignature."
    if text.isascii() and text.isdecimal() and len(text) < 13:
        return int(text)
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    raise BadSignature()


def matches(key: str, digest: str, message: str, raw: bytes) -> bool:
    "Whether `raw` is the HMAC of `message`; in constant time."
    return hmac.compare_digest(hmac.new(key.encode(), message.encode(), digest).digest(), raw)


def temporary_url(
    deps: Deps, method: str, path: tuple[str, str, str], query: dict[str, str], address: str
) -> Caller:
    """The caller that a temporary URL makes: who may do `method` on that object, or below a
    prefix. Raises
    BadSignature."""
    account, container, name = path
    allowed_methods = deps.config.tempurl.methods
    signature, prefix = query.get("temp_url_sig", ""), query.get("temp_url_prefix")
    expires = expiry(query.get("temp_url_expires", ""))
    if (
        not signature
        or not container
        or not name
        or expires < time.time()
        or method not in allowed_methods
    ):
        raise BadSignature()
    if prefix is not None and not name.startswith(prefix):
        raise BadSignature()
    digest, raw = split(signature, deps.config.tempurl.digests)
    ip_range = query.get("temp_url_ip_range")
    if ip_range is not None and not _within(address, ip_range):
        raise BadSignature()
    target = f"/v1/{account}/{container}/{name if prefix is None else prefix}"
    tail = f"{expires}\n{'prefix:' if prefix is not None else ''}{target}"
    if ip_range is not None:
        tail_of = f"ip={ip_range}\n"
    else:
        tail_of = ""
    tried = {"HEAD": ("HEAD", "GET", "PUT", "POST")}.get(method, (method,))
    for key, limited in keys(deps, account, container):
        for as_method in tried:
            if matches(key, digest, f"{tail_of}{as_method}\n{tail}", raw):
                return Caller(
                    scope=(account, limited or container, prefix if prefix is not None else name),
                    grants=frozenset(
                        {method, "GET", "HEAD"} if method in ("GET", "HEAD") else {method}
                    ),
                    by_account_key=limited is None,
                )
    raise BadSignature()


def _within(address: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False


def safe_filename(text: str) -> str:
    "A file name for Content-Disposition."
    return re.sub(r'[\x00-\x1f"\\]', "_", text)
