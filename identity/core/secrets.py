"""Secrets at rest: credentials are encrypted (Fernet: AES-128-CBC with HMAC-SHA256) under keys
in a directory.

The newest key encrypts, all decrypt; `credentials rotate` adds one and encrypts everything anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Vault:
    "Encrypts and decrypts short texts with the keys in `directory`, made if there is none."

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._files():
            self._add(0)
        self._load()

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob("*.key"), reverse=True)

    def _load(self) -> None:
        self._fernet = MultiFernet([Fernet(path.read_bytes()) for path in self._files()])

    def _add(self, number: int) -> None:
        path = self.directory / f"{number:06d}.key"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(Fernet.generate_key())

    def add_key(self) -> None:
        "Encrypt with a new key from now on."
        self._add(int(self._files()[0].stem) + 1)
        self._load()

    def encrypt(self, text: str) -> str:
        "The ciphertext."
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, ciphertext: str) -> str:
        "The text. Raises ValueError for what was not encrypted under a key that is here."
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            self._load()  # another process may have added a key
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            raise ValueError("the secret was encrypted under a key that is not here") from None
