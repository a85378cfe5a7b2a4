"""Downloads for imports: HTTP and HTTPS to checked addresses, redirects followed by hand, bodies
streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import urllib3

from image.errors import ImportRefused, UriRefused
from image.outside.guard import Guard, Hop

MOST_REDIRECTS = 5
BLOCK = 1024 * 1024


@dataclass
class Body:
    "What is coming: `size` where the server says, and the blocks. Close it."

    size: int | None
    blocks: Iterator[bytes]
    close: Any


class Fetch:
    "Opens URIs that the guard lets pass."

    def __init__(self, guard: Guard, timeout_s: float) -> None:
        self.guard = guard
        self.timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)

    def open(
        self, uri: str, headers: Mapping[str, str] | None = None, *, trusted: bool = False
    ) -> Body:
        """Follow `uri` to its body. The address of one that is `trusted`, which the operator and no
        user chose, may be on any network; those that it redirects to may not. Raises UriRefused and
        ImportRefused."""
        for _ in range(MOST_REDIRECTS + 1):
            hop = self.guard.trusted(uri) if trusted else self.guard.check(uri)
            trusted = False
            pool = self._pool(hop)
            response = self._request(pool, hop, headers or {})
            location = response.headers.get("Location")
            if response.status in (301, 302, 303, 307, 308) and location:
                response.close()
                pool.close()
                uri, headers = urljoin(uri, location), {}
                continue
            if response.status != 200:
                response.close()
                pool.close()
                raise ImportRefused(reason=f"{uri} answered {response.status}.")
            return self._body(uri, pool, response)
        raise UriRefused(uri=uri, reason="there are too many redirects.")

    def _pool(self, hop: Hop) -> Any:
        options: dict[str, Any] = {"maxsize": 1, "retries": False, "timeout": self.timeout}
        if hop.parts.scheme == "http":
            return urllib3.HTTPConnectionPool(hop.address, hop.port, **options)
        return urllib3.HTTPSConnectionPool(
            hop.address, hop.port, server_hostname=hop.host, assert_hostname=hop.host, **options
        )

    def _request(self, pool: Any, hop: Hop, headers: Mapping[str, str]) -> Any:
        path = (hop.parts.path or "/") + (f"?{hop.parts.query}" if hop.parts.query else "")
        sent = {"Host": hop.parts.netloc, "Accept-Encoding": "identity", **headers}
        try:
            return pool.urlopen(
                "GET",
                path,
                headers=sent,
                redirect=False,
                preload_content=False,
                decode_content=False,
                assert_same_host=False,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            pool.close()
            raise ImportRefused(reason=f"{hop.uri} cannot be read: {error}") from error

    def _body(self, uri: str, pool: Any, response: Any) -> Body:
        length = response.headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() else None

        def blocks() -> Iterator[bytes]:
            try:
                yield from response.stream(BLOCK, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise ImportRefused(reason=f"{uri} broke off: {error}") from error

        def close() -> None:
            response.close()
            pool.close()

        return Body(size, blocks(), close)
