"""Password hashes: argon2id for ours, and every form that a Keystone may have stored.

Forms by prefix: `$argon2` (RFC 9106), `$2a$ $2b$ $2y$` (bcrypt, its input cut at 72 bytes as
Keystone does), `$bcrypt-sha256$`, `$scrypt$`, `$pbkdf2-sha512$` (as passlib wrote them), `$6$` is
not supported.

Hashing is slow on purpose, so it happens in a pool of its own: a burst of logins can never take
more than the pool's threads from the rest, and beyond a queue of bounded length it is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import argon2
from argon2.low_level import Type
from oslo_config import cfg

from common import cpus
from identity.errors import Busy

_BCRYPT_MOST = 72


class Hasher:
    "Hashes and verifies. Thread-safe; blocks the calling thread, not the process."

    def __init__(self, options: cfg.ConfigOpts) -> None:
        self._options = options
        self._argon2 = argon2.PasswordHasher(
            time_cost=options.argon2_time_cost,
            memory_cost=options.argon2_memory_kib,
            parallelism=options.argon2_parallelism,
            type=Type.ID,
        )
        self._pool = ThreadPoolExecutor(options.hash_threads, "hash", cpus.roam)
        self._places = threading.BoundedSemaphore(options.hash_threads + options.hash_queue)
        self._seen = _Seen(options.remembered_s)
        self._nobodys = self._hash_of_nobody()

    def hash(self, password: str) -> str:
        "A new hash of `password`. Raises Busy when too many wait."
        return self._run(self._hash, password)

    def verify(self, hashed: str | None, password: str, owner: str = "") -> bool:
        """Whether `password` has this hash. Takes as long when there is no hash: a wrong user
        and a wrong password look the same. A password that was right a moment ago is
        recognised by a keyed digest, without the hash."""
        if hashed is not None and self._seen.knows(owner, hashed, password):
            return True
        if hashed is None:
            self._run(_matches, self._nobodys, password)
            return False
        right = self._run(_matches, hashed, password)
        if right:
            self._seen.remember(owner, hashed, password)
        return right

    def outdated(self, hashed: str) -> bool:
        """Whether a hash should be made anew when its password is at hand: weaker parameters of
        our own algorithm."""
        if self._options.algorithm != "argon2id" or not hashed.startswith("$argon2"):
            return False
        return self._argon2.check_needs_rehash(hashed)

    def _run(self, work, *args):
        if not self._places.acquire(blocking=False):
            raise Busy()
        try:
            return self._pool.submit(work, *args).result()
        finally:
            self._places.release()

    def _hash(self, password: str) -> str:
        if self._options.algorithm == "bcrypt":
            return _bcrypt_sha256(password.encode(), self._options.bcrypt_rounds)
        return self._argon2.hash(password)

    def _hash_of_nobody(self) -> str:
        """A hash that no password has, of the form and cost of new ones. It is put together, not
        computed: the first unknown user must not cost one hash more than the next."""
        if self._options.algorithm == "bcrypt":
            import bcrypt

            rounds = self._options.bcrypt_rounds
            salt = bcrypt.gensalt(rounds)[-22:].decode()
            return f"$bcrypt-sha256$v=2,t=2b,r={rounds}${salt}${'.' * 31}"
        o = self._options
        cost = f"m={o.argon2_memory_kib},t={o.argon2_time_cost},p={o.argon2_parallelism}"
        salt, digest = (base64.b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
        return f"$argon2id$v=19${cost}${salt}${digest}"


class _Seen:
    "Passwords that were right, as HMACs under a key that never leaves this process."

    def __init__(self, keep_s: int, most: int = 2048) -> None:
        self._keep_s, self._most = keep_s, most
        self._key = os.urandom(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def _digest(self, owner: str, hashed: str, password: str) -> bytes:
        text = "\0".join((owner, hashed, password))
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")

    def knows(self, owner: str, hashed: str, password: str) -> bool:
        return (
            self._keep_s > 0
            and self._until.get(self._digest(owner, hashed, password), 0) > time.monotonic()
        )

    def remember(self, owner: str, hashed: str, password: str) -> None:
        if self._keep_s <= 0:
            return
        with self._lock:
            self._until[self._digest(owner, hashed, password)] = time.monotonic() + self._keep_s
            if len(self._until) > self._most:
                self._until.popitem(last=False)


def _matches(hashed: str, password: str) -> bool:
    secret = password.encode("utf-8", "surrogatepass")
    if hashed.startswith("$argon2"):
        try:
            return argon2.PasswordHasher().verify(hashed, secret)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
    for prefix, check in _IMPORTED.items():
        if hashed.startswith(prefix):
            try:
                return check(secret, hashed)
            except (ValueError, KeyError, IndexError):  # a hash that is not what its prefix says
                return False
    return False


def known_form(hashed: str) -> bool:
    "Whether a stored hash is of a form that `Hasher.verify` reads."
    return hashed.startswith(("$argon2", *_IMPORTED))


def _bcrypt(secret: bytes, hashed: str) -> bool:
    import bcrypt

    return bcrypt.checkpw(secret[:_BCRYPT_MOST], hashed.encode())


def _bcrypt_sha256(secret: bytes, rounds: int) -> str:
    # bcrypt reads 72 bytes; an HMAC first lets every byte of a longer password count.
    import bcrypt

    salted = bcrypt.gensalt(rounds)
    digest = bcrypt.hashpw(base64.b64encode(hmac.digest(salted[-22:], secret, "sha256")), salted)
    return f"$bcrypt-sha256$v=2,t=2b,r={rounds}${salted[-22:].decode()}${digest[-31:].decode()}"


def _check_bcrypt_sha256(secret: bytes, hashed: str) -> bool:
    import bcrypt

    _, _, params, salt, digest = hashed.split("$")
    options = dict(p.split("=") for p in params.split(",")) if "=" in params else {}
    if options.get("v") == "2":
        key = base64.b64encode(hmac.digest(salt.encode(), secret, "sha256"))
        kind, rounds = options["t"], int(options["r"])
    else:  # version 1: "2b,12", and a plain SHA-256
        kind, text = params.split(",")
        key, rounds = base64.b64encode(hashlib.sha256(secret).digest()), int(text)
    return bcrypt.checkpw(key, f"${kind}${rounds:02d}${salt}{digest}".encode())


def _check_scrypt(secret: bytes, hashed: str) -> bool:
    _, _, params, salt, digest = hashed.split("$")
    options = {k: int(v) for k, v in (p.split("=") for p in params.split(","))}
    wanted = _unpadded(digest)
    cost = 1 << options["ln"]
    found = hashlib.scrypt(
        secret,
        salt=_unpadded(salt),
        n=cost,
        r=options["r"],
        p=options["p"],
        dklen=len(wanted),
        maxmem=256 * cost * options["r"] + (1 << 20),
    )
    return hmac.compare_digest(found, wanted)


def _check_pbkdf2(secret: bytes, hashed: str) -> bool:
    _, _, rounds, salt, digest = hashed.split("$")
    return hmac.compare_digest(
        hashlib.pbkdf2_hmac("sha512", secret, _unpadded(salt), int(rounds)), _unpadded(digest)
    )


def _unpadded(text: str) -> bytes:
    text = text.replace(".", "+")
    return base64.b64decode(text + "=" * (-len(text) % 4))


_IMPORTED = {
    "$2a$": _bcrypt,
    "$2b$": _bcrypt,
    "$2y$": _bcrypt,
    "$bcrypt-sha256$": _check_bcrypt_sha256,
    "$scrypt$": _check_scrypt,
    "$pbkdf2-sha512$": _check_pbkdf2,
}
