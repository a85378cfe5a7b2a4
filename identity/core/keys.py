"""The keys that sign tokens: Ed25519, in a directory, rotated without refusing a token that
should live.

Files are `GENERATION-KEYID.pem`. The newest is *next*: published, so that verifiers know it, not
yet used. The one before it is *current* and signs. Older ones are *previous*: they verify until
no token that they signed can be alive. A rotation adds a new *next*; everything else follows. All
API hosts must see the same directory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import threading
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from common.tokens import Signer, Verifier, jwks


class KeyRing:
    """The keys in `directory`, made if there are none; read again when the directory changes.
    Thread-safe."""

    def __init__(self, directory: Path, keep_s: float) -> None:
        self.directory, self._keep_s = directory, keep_s
        self._lock = threading.Lock()
        self._stamp, self._looked = -1, float("-inf")
        self._signer: Signer
        self._public: dict[str, Ed25519PublicKey] = {}
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        while len(self._files()) < 2:
            _add_key(directory, len(self._files()) + 1)
        self._reload()
        self.verifier = Verifier(self.jwks, self._public)

    def _files(self) -> list[tuple[int, str, Path]]:
        found = []
        for path in self.directory.glob("*-*.pem"):
            number, _, key_id = path.stem.partition("-")
            if number.isdigit():
                found.append((int(number), key_id, path))
        return sorted(found)

    def _reload(self, *, at_once: bool = False) -> None:
        # a key goes on signing for a second more: it is published as long as its tokens live
        now = time.monotonic()
        if now < self._looked + 1 and not at_once:
            return
        self._looked = now
        stamp = self.directory.stat().st_mtime_ns
        if stamp == self._stamp:
            return
        with self._lock:
            files = self._files()
            keys = {key_id: _load(path) for _, key_id, path in files}
            current = files[-2][1] if len(files) > 1 else files[-1][1]
            self._public = {key_id: key.public_key() for key_id, key in keys.items()}
            self._signer = Signer(keys[current], current)
            self._current = keys[current]
            self._stamp = stamp

    @property
    def signer(self) -> Signer:
        "Signs with the current key."
        self._reload()
        return self._signer

    @property
    def private(self) -> Ed25519PrivateKey:
        "The current private key, for what is signed but is no token."
        self._reload()
        return self._current

    @property
    def public(self) -> dict[str, Ed25519PublicKey]:
        "All public keys by id."
        self._reload()
        return self._public

    def jwks(self) -> dict[str, object]:
        "The public keys as a JWK set."
        return jwks(self.public)

    def rotate(self, now: float | None = None) -> str:
        """Make a new next key, so that the old next one signs from now on; returns the id of the
        key that now signs."""
        files = self._files()
        _add_key(self.directory, files[-1][0] + 1)
        self._prune(time.time() if now is None else now)
        self._reload(at_once=True)
        return self.signer.key_id

    def _prune(self, now: float) -> None:
        # A key stopped signing when the one two generations on was made.
        files = self._files()
        for (_, _, path), (_, _, successor) in zip(files[:-3], files[2:], strict=False):
            if now - successor.stat().st_mtime > self._keep_s:
                path.unlink(missing_ok=True)


def _load(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key")
    return key


def _add_key(directory: Path, generation: int) -> None:
    key = Ed25519PrivateKey.generate()
    path = directory / f"{generation:06d}-{_thumbprint(key.public_key())}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, temporary = tempfile.mkstemp(dir=directory)  # mode 0600
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    os.rename(temporary, path)


def _thumbprint(key: Ed25519PublicKey) -> str:
    "The start of the key's JWK thumbprint (RFC 7638), a name that cannot clash."
    raw = (
        base64.urlsafe_b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        .rstrip(b"=")
        .decode()
    )
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": raw}, separators=(",", ":"))
    return (
        base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        .decode()[:16]
        .replace("-", "_")
    )
