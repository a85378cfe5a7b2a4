"""Who signed a request: an EC2 credential of the identity service.

Identity checks the first signature of an access key for a day and region, and answers with a token
and the key that signs that day's requests there; further ones are checked in this process. So a
secret never leaves identity, and what lies in memory here signs for a day at most. The token is
looked at for each request, as every other is: its revocation ends the access at once.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.context import Context
from common.errors import Unauthorized
from objectstore.core.s3.errors import SignatureDoesNotMatch
from objectstore.core.s3.sigv4 import Signed, signature

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    "What identity says of a good signature."

    token: str
    key: bytes | None
    """None from an identity service that does not give it: then it is asked for each request, and
    bodies that are signed in pieces cannot be checked."""


Ask = Callable[[str, str, str], Answer | None]
"""(access, string to sign, signature) -> Answer, None for a wrong signature or access key."""


class Signers:
    "Remembers the keys of those who signed lately; thread-safe."

    def __init__(
        self, ask: Ask, authenticate: Callable[[str, None], Context], remembered_s: float
    ) -> None:
        self._ask, self._authenticate, self._remembered_s = ask, authenticate, remembered_s
        self._known: OrderedDict[tuple[str, str], tuple[float, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, signed: Signed, text: str) -> tuple[Context, bytes | None]:
        """The caller and the key for signatures in the body. Raises SignatureDoesNotMatch, and
        what the identity service's absence raises."""
        known = self._lookup(signed)
        if known is not None and known.key is not None:
            if not hmac.compare_digest(signature(known.key, text), signed.signature):
                raise SignatureDoesNotMatch()
            try:
                return self._authenticate(known.token, None), known.key
            except Unauthorized:
                pass  # revoked or over: identity knows what is true now
        answer = self._ask(signed.access, text, signed.signature)
        if answer is None:
            self._forget(signed)
            raise SignatureDoesNotMatch()
        with self._lock:
            self._known[signed.access, signed.scope] = (time.monotonic(), answer)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return self._authenticate(answer.token, None), answer.key

    def check_once(self, access: str, texts: Sequence[str], given: str) -> Context:
        """The caller by a signature of one of `texts` for which identity gives no key (version 2):
        it is asked each time. Raises SignatureDoesNotMatch."""
        for text in texts:
            answer = self._ask(access, text, given)
            if answer is not None:
                return self._authenticate(answer.token, None)
        raise SignatureDoesNotMatch()

    def _lookup(self, signed: Signed) -> Answer | None:
        with self._lock:
            since, answer = self._known.get((signed.access, signed.scope), (0.0, None))
        return answer if time.monotonic() - since < self._remembered_s else None

    def _forget(self, signed: Signed) -> None:
        with self._lock:
            self._known.pop((signed.access, signed.scope), None)
