"""Time-based one-time passwords (RFC 6238, as RFC 4226 with a counter of 30 s), kept as
credentials of type `totp`."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
import time

from identity.core import Deps
from identity.store import rows
from identity.store.models import Credential

STEP_S = 30


def passcode(secret: str, at: float, digits: int = 6) -> str:
    "The passcode of a base32 secret at a Unix time. Raises ValueError for what is no base32."
    text = secret.strip().replace(" ", "").upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    digest = hmac.digest(key, struct.pack(">Q", int(at) // STEP_S), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def matches(deps: Deps, user_id: str, given: str) -> bool:
    """Whether `given` is the passcode of one of the user's secrets, now or in the windows before
    that the operator allows."""
    with deps.db.read() as session:
        secrets = [
            deps.vault.decrypt(c.blob)
            for c in rows.every(session, Credential, user_id=user_id, type="totp")
        ]
    now = time.time()
    windows = range(deps.config.totp.included_previous_windows + 1)
    found = False
    for secret in secrets:
        for back in windows:
            try:
                right = passcode(secret, now - back * STEP_S)
            except ValueError:
                continue
            found |= hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogatepass"))
    return found
