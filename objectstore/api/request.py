"""A request and an answer of the Swift API, thin over WSGI: small objects are served thousands of
times a second."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from common.errors import BadRequest, NotFound
from objectstore.core import Deps
from objectstore.core.access import Caller
from objectstore.errors import InvalidHeader, InvalidUrl, InvalidVersion, LengthMissing

READ = 1 << 20
_VERSION = re.compile(r"[0-9]{1,12}(\.[0-9]{1,5})?")
_TRUE = ("true", "1", "yes", "on", "t", "y")


class ClientGone(BadRequest):
    "The body ended before its Content-Length."

    code, title = 499, "Client Disconnect"


@dataclass(slots=True)
class Answer:
    "Status, headers, and the body: bytes, or an iterable of them."

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    length: int | None = None
    """Bytes of an iterable body, when known."""

    @property
    def line(self) -> str:
        "The status line."
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} {_OWN_PHRASES.get(self.status, 'Error')}"


_OWN_PHRASES = {498: "Rate Limited", 499: "Client Disconnect"}


class Request:
    """One request. `path` was split into account, container and name (object); absent ones are
    empty."""

    __slots__ = (
        "_body_read",
        "_query",
        "account",
        "caller",
        "container",
        "deps",
        "environ",
        "method",
        "name",
        "trans_id",
    )

    def __init__(self, environ: dict[str, Any], deps: Deps, caller: Caller, trans_id: str) -> None:
        self.environ, self.deps, self.caller, self.trans_id = environ, deps, caller, trans_id
        self.method: str = environ["REQUEST_METHOD"]
        self.account, self.container, self.name = split_path(environ["PATH_INFO"])
        self._query: dict[str, str] | None = None
        self._body_read = False

    @property
    def query(self) -> dict[str, str]:
        "Parameters; of one that is there twice the last."
        if self._query is None:
            text = self.environ.get("QUERY_STRING", "")
            try:
                self._query = (
                    dict(parse_qsl(text, keep_blank_values=True, errors="strict")) if text else {}
                )
            except (ValueError, UnicodeError):
                raise InvalidUrl(reason="the query is not UTF-8") from None
        return self._query

    @property
    def version_id(self) -> str | None:
        """The version that ?version-id= names. A temporary URL speaks for the current one only.
        Raises InvalidVersion."""
        if not self.environ.get("QUERY_STRING") or self.caller.scope is not None:
            return None
        text = self.query.get("version-id")
        if text is not None and text != "null" and not _VERSION.fullmatch(text):
            raise InvalidVersion()
        return text

    def header(self, name: str, default: str = "") -> str:
        "A header as text. Raises InvalidHeader for one that is not UTF-8."
        value = self.environ.get("HTTP_" + name.upper().replace("-", "_"))
        if value is None:
            return default
        return value if value.isascii() else _utf8(name, value)

    def has(self, name: str) -> bool:
        "Whether the header is there at all."
        return "HTTP_" + name.upper().replace("-", "_") in self.environ

    def flag(self, name: str) -> bool:
        "A header that says true."
        return self.header(name).strip().lower() in _TRUE

    @property
    def content_type(self) -> str:
        "Content-Type, or empty."
        value = self.environ.get("CONTENT_TYPE") or ""
        return value if value.isascii() else _utf8("Content-Type", value)

    def prefixed(self, prefix: str) -> dict[str, str]:
        "Headers that begin with `prefix`: the rest of their names, in lower case, to their values."
        start = "HTTP_" + prefix.upper().replace("-", "_")
        size = len(start)
        return {
            key[size:].lower().replace("_", "-"): value if value.isascii() else _utf8(key, value)
            for key, value in self.environ.items()
            if key.startswith(start)
        }

    @property
    def is_chunked(self) -> bool:
        "Whether the body's length is not known."
        return "chunked" in self.environ.get("HTTP_TRANSFER_ENCODING", "").lower()

    @property
    def length(self) -> int | None:
        "Content-Length. Raises InvalidHeader for a bad one."
        text = self.environ.get("CONTENT_LENGTH") or ""
        if self.is_chunked or text == "":
            return None
        if not text.isdecimal() or len(text) > 18:
            raise InvalidHeader(header="Content-Length", reason="must be a whole number of bytes")
        return int(text)

    def need_length(self) -> int | None:
        "The length, None for a chunked body. Raises LengthMissing when there is neither."
        length = self.length
        if length is None and not self.is_chunked:
            raise LengthMissing()
        return length

    def chunks(self, at_most: int, too_large: type[Exception] | None = None) -> Iterator[bytes]:
        """The body, in pieces of up to 1 MiB, as they come. Raises ClientGone when it ends early,
        and BadRequest or
        `too_large` beyond `at_most`."""
        stream, length, got = self.environ["wsgi.input"], self.length, 0
        while length is None or got < length:
            data = stream.read(READ if length is None else min(READ, length - got))
            if not data:
                if length is not None:
                    raise ClientGone()
                return
            got += len(data)
            if got > at_most:
                raise (too_large or BadRequest)(f"The body is larger than {at_most} bytes.")
            yield data

    def body(self, at_most: int) -> bytes:
        "The whole of a small body."
        return b"".join(self.chunks(at_most))

    @property
    def host_url(self) -> str:
        "Scheme and host, as the client sees them."
        public = self.deps.config.api.public_url
        if public:
            return str(public).rstrip("/")
        scheme = self.environ.get("wsgi.url_scheme", "http")
        return f"{scheme}://{self.environ.get('HTTP_HOST', 'localhost')}"


def _utf8(name: str, value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:
        return value  # the server decoded it already
    except UnicodeDecodeError:
        raise InvalidHeader(header=name, reason="must be UTF-8") from None


def split_path(path: str) -> tuple[str, str, str]:
    "/v1/ACCOUNT/CONTAINER/OBJECT. Raises InvalidUrl, or NotFound where a name is empty."
    if not path.isascii():
        try:
            path = path.encode("latin-1").decode("utf-8")
        except UnicodeEncodeError:
            pass  # the server decoded it already
        except UnicodeDecodeError:
            raise InvalidUrl(reason="it is not UTF-8") from None
    parts = path.split("/", 4)[2:]
    account = parts[0] if parts else ""
    container = parts[1] if len(parts) > 1 else ""
    name = parts[2] if len(parts) > 2 else ""
    if not account or (not container and name):
        raise NotFound("The account and the container must have names.")
    return account, container, name


def latin(text: str) -> str:
    "A header value as WSGI carries it: UTF-8 bytes in Latin-1."
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def quoted(path: str) -> str:
    "A path for a header."
    return quote(path, safe="/~")
