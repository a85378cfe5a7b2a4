"""Encryption at rest: every blob under a key of its own, wrapped by the cluster's root secret.

AES-256 in counter mode, so that any range can be read without what precedes it (NIST SP 800-38A
6.5); a data key encrypts one blob
only, from counter 0. The key is wrapped with AES key wrap (RFC 3394) under a key derived from the
root secret by HKDF (RFC 5869). Integrity is
the engine's part: its checksums cover the ciphertext.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping

_BLOCK = 16


class Keymaster:
    """Wraps and unwraps data keys. Without a root secret new blobs are stored as they are; old
    ones still open."""

    def __init__(self, root_secret: str, secret_id: str, old: Mapping[str, str]) -> None:
        secrets = dict(old)
        if root_secret:
            secrets[secret_id] = root_secret
        self._wrapping = {i: _derive(s) for i, s in secrets.items()}
        self.current = secret_id if root_secret else None

    @property
    def enabled(self) -> bool:
        "Whether new blobs are encrypted."
        return self.current is not None

    def new_key(self) -> tuple[bytes, str] | None:
        "(data key, its wrapped text) for a new blob."
        if self.current is None:
            return None
        from cryptography.hazmat.primitives.keywrap import aes_key_wrap

        key = os.urandom(32)
        wrapped = aes_key_wrap(self._wrapping[self.current], key)
        return key, f"{self.current}:{base64.b64encode(wrapped).decode()}"

    def unwrap(self, text: str) -> bytes:
        "The data key. Raises LookupError when its root secret is not configured any more."
        from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

        secret_id, _, wrapped = text.rpartition(":")
        if secret_id not in self._wrapping:
            raise LookupError(f"root secret {secret_id!r} is not configured")
        return aes_key_unwrap(self._wrapping[secret_id], base64.b64decode(wrapped))


def _derive(secret: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    try:
        raw = base64.b64decode(secret, validate=True)
    except ValueError:
        raise ValueError("[encryption] root_secret is not base64") from None
    if len(raw) < 32:
        raise ValueError("[encryption] root_secret has fewer than 32 bytes")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"object data keys").derive(raw)


def encrypt(key: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    "Ciphertext of the same lengths."
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(_BLOCK))).encryptor()
    for chunk in chunks:
        yield encryptor.update(chunk)


def decrypt(key: bytes, chunks: Iterable[bytes], start: int) -> Iterator[bytes]:
    "Plain text of ciphertext that begins at byte `start` of its blob."
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    counter = (start // _BLOCK).to_bytes(_BLOCK, "big")
    decryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor()
    decryptor.update(bytes(start % _BLOCK))
    for chunk in chunks:
        yield decryptor.update(chunk)
