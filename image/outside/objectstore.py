"""Data in the object store (Swift API): one object, or segments and a static large object for what
is larger.

Segments lie in `<container>_segments` under `<key>/`; the manifest is written last, so an
unfinished write has no name.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

from keystoneauth1.exceptions import ClientException

from common.client import Services
from common.errors import Error
from image.core.blobs import BLOCK
from image.errors import StoreUnavailable

MIB = 1024 * 1024
_AHEAD = 4
_PAGE = 1000


class ObjectStore:
    "A container in the account of the service's own project."

    kind = "objectstore"

    def __init__(self, services: Services, name: str, options: Any) -> None:
        self.services, self.name, self.options = services, name, options
        self._account: str | None = options.account
        self._ready = False
        self._lock = threading.Lock()

    def call(self, method: str, path: str, **options: Any) -> Any:
        "One request below the account. Raises StoreUnavailable unless the answer is 2xx or 404."
        try:
            peer: Any = self.services.object_store
            response = peer.request(method, f"{self._base()}/{path}", raise_exc=False, **options)
        except Error as error:
            raise StoreUnavailable(store=self.name, reason=error.message) from error
        except (OSError, ClientException) as error:
            raise StoreUnavailable(store=self.name, reason=str(error)) from error
        if response.status_code >= 300 and response.status_code != 404:
            reason = f"{method} answered {response.status_code}."
            response.close()
            raise StoreUnavailable(store=self.name, reason=reason)
        return response

    def _base(self) -> str:
        with self._lock:
            if self._account is None:
                self._account = f"AUTH_{self.services.project_id()}"
            return f"/v1/{self._account}"

    @property
    def segments(self) -> str:
        "The container of segments."
        return f"{self.options.container}_segments"

    def prepare(self) -> None:
        "Make the containers, once for each process."
        if not self._ready:
            for container in (self.options.container, self.segments):
                self.call("PUT", container)
            self._ready = True

    def writer(self, key: str, size: int | None) -> ObjectWriter:
        "Begin an upload."
        self.prepare()
        return ObjectWriter(self, key, size)

    def read(self, key: str, start: int, length: int) -> Iterator[bytes]:
        "Stream a range."
        if length == 0:
            return iter(())
        window = {"Range": f"bytes={start}-{start + length - 1}"}
        path = f"{self.options.container}/{key}"
        response = self.call("GET", path, headers=window, stream=True)
        if response.status_code == 404:
            raise FileNotFoundError(key)
        return _Blocks(response, length, self.name)

    def delete(self, key: str) -> None:
        "Delete the manifest first: what has no name is nobody's data."
        self.call("DELETE", f"{self.options.container}/{key}")
        for name in list(self._list(self.segments, f"{key}/")):
            self.call("DELETE", f"{self.segments}/{name}")

    def size(self, key: str) -> int | None:
        "Bytes of the object."
        response = self.call("HEAD", f"{self.options.container}/{key}")
        return None if response.status_code == 404 else int(response.headers["Content-Length"])

    def keys(self) -> Iterator[str]:
        "Objects, and whatever has segments."
        found = set(self._list(self.options.container, ""))
        found |= {n.partition("/")[0] for n in self._list(self.segments, "")}
        yield from sorted(found)

    def _list(self, container: str, prefix: str) -> Iterator[str]:
        marker = ""
        while True:
            query = {"prefix": prefix, "limit": _PAGE, "marker": marker, "format": "json"}
            response = self.call("GET", container, params=query)
            names = [] if response.status_code == 404 else [o["name"] for o in response.json()]
            yield from names
            if len(names) < _PAGE:
                return
            marker = names[-1]

    def path(self, key: str) -> str | None:
        "There is none."
        return None

    def below(self, key: str) -> str | None:
        "There is none."
        return None

    def url(self, key: str) -> str:
        "Account, container and object."
        return f"swift://{self._base().removeprefix('/v1/')}/{self.options.container}/{key}"

    def properties(self) -> dict[str, Any]:
        "For /v2/info/stores/detail."
        return {
            "container": self.options.container,
            "large_object_size": self.options.segment_mib,
            "large_object_chunk_size": self.options.segment_mib,
        }


class ObjectWriter:
    "Blocks go through a queue to a thread that sends them: HTTP clients pull, writers are pushed."

    def __init__(self, store: ObjectStore, key: str, size: int | None) -> None:
        self.store, self.key = store, key
        self.limit = store.options.segment_mib * MIB
        self.whole = size is not None and size <= self.limit
        self._segments: list[dict[str, Any]] = []
        self._sender: _Sender | None = None

    def write(self, data: bytes) -> None:
        "Send, cutting at the segment size."
        rest = memoryview(data)
        while rest:
            if self._sender is None:
                self._sender = _Sender(self.store, self._next_path())
            room = len(rest) if self.whole else min(len(rest), self.limit - self._sender.size)
            self._sender.feed(bytes(rest[:room]))
            rest = rest[room:]
            if not self.whole and self._sender.size >= self.limit:
                self._close_segment()

    def _next_path(self) -> str:
        if self.whole:
            return f"{self.store.options.container}/{self.key}"
        return f"{self.store.segments}/{self.key}/{len(self._segments):08d}"

    def _close_segment(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            etag = sender.finish()
            entry = {"path": f"/{sender.path}", "size_bytes": sender.size, "etag": etag}
            self._segments.append(entry)

    def commit(self) -> None:
        "Finish the object, or write the manifest of its segments."
        self._close_segment()
        target = f"{self.store.options.container}/{self.key}"
        if not self._segments:
            self.store.call("PUT", target, headers={"Content-Length": "0"})
        elif not self.whole:
            self.store.call(
                "PUT", target, params={"multipart-manifest": "put"}, data=json.dumps(self._segments)
            )

    def abort(self) -> None:
        "Stop sending and remove what arrived."
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
        self.store.delete(self.key)


class _Sender(threading.Thread):
    "One PUT whose body comes in pieces."

    def __init__(self, store: ObjectStore, path: str) -> None:
        super().__init__(name="segment", daemon=True)
        self.store, self.path, self.size = store, path, 0
        self._queue: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._error: Exception | None = None
        self._etag = ""
        self._cancelled = False
        self.start()

    def run(self) -> None:
        "The thread's body."
        try:
            response = self.store.call(
                "PUT", self.path, data=self._body(), allow_reauth=False
            )  # a body that streams cannot be sent twice
            if response.status_code == 404:
                raise StoreUnavailable(store=self.store.name, reason="its container is gone.")
            self._etag = response.headers.get("Etag", "").strip('"')
        except Exception as error:  # handed to the thread that writes
            self._error = error
            while self._queue.get() is not None:
                pass

    def _body(self) -> Iterator[bytes]:
        while (block := self._queue.get()) is not None:
            yield block
        self._queue.put(None)  # for a reader that only wants to know that it ended
        if self._cancelled:
            raise OSError("cancelled")

    def feed(self, block: bytes) -> None:
        "Send one more block."
        if self._error is not None:
            raise self._error
        self._queue.put(block)
        self.size += len(block)

    def finish(self) -> str:
        "End the body; the ETag of the answer."
        self._queue.put(None)
        self.join()
        if self._error is not None:
            raise self._error
        return self._etag

    def cancel(self) -> None:
        "Break the request off."
        self._cancelled = True
        self._queue.put(None)
        self.join()


class _Blocks:
    "A body to its announced end."

    def __init__(self, response: Any, length: int, store: str) -> None:
        self._response, self._left, self._store = response, length, store
        self._content = response.iter_content(BLOCK)

    def __iter__(self) -> _Blocks:
        return self

    def __next__(self) -> bytes:
        try:
            block: bytes = next(self._content)
        except StopIteration:
            if self._left > 0:
                reason = "the data broke off."
                raise StoreUnavailable(store=self._store, reason=reason) from None
            raise
        except OSError as error:
            raise StoreUnavailable(store=self._store, reason=str(error)) from error
        self._left -= len(block)
        return block

    def close(self) -> None:
        "Give the connection back."
        self._response.close()
