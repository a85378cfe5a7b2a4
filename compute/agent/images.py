"""The image cache of a host: every image is fetched once, however many servers ask for it at the
same time.

An image lies under its checksum, so that one whose id is new but whose bytes are known costs
nothing, and a changed one is never mistaken. Downloads go to a `.part` file and are renamed when
the checksum and the format have proved right: what has its final name is whole. What nothing has
used for a while is dropped by `age`."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from oslo_utils.imageutils import format_inspector

from compute.agent.commands import run
from compute.agent.drivers import Cancelled, NodeError
from compute.contracts.specs import ImageSource

LOG = logging.getLogger(__name__)
_CHUNK = 1024 * 1024
_FORMATS = {
    "raw": "raw",
    "qcow2": "qcow2",
    "vmdk": "vmdk",
    "vdi": "vdi",
    "vhd": "vpc",
    "vhdx": "vhdx",
    "iso": "raw",
    "ami": "raw",
    "aki": "raw",
    "ari": "raw",
    "gpt": "raw",
}
"""Image formats -> QEMU's names."""
_READABLE = 0o444
"""Nobody writes to a base image: one stray commit would change every server that stands on it."""


class ImageUnavailable(NodeError):
    "Image {image_id} cannot be fetched: {why}"


class TokenExpired(ImageUnavailable):
    "Image {image_id} cannot be fetched: the token of this order is no longer accepted."


class ImageCorrupt(NodeError):
    "Image {image_id} did not arrive as it was sent: its {algo} is {found}, not {expected}."


class ImageUnsafe(NodeError):
    "Image {image_id} is refused: {why}"


@dataclass(frozen=True)
class Base:
    """A cached image: where it is, QEMU's name of its format, and the size that a guest sees, in
    bytes."""

    path: Path
    format: str
    virtual_size: int


class ImageCache:
    "The cache in one directory. Thread-safe; one process uses it at a time."

    def __init__(
        self, directory: Path, *, timeout_s: int = 3600, session: requests.Session | None = None
    ) -> None:
        self.directory, self.timeout_s = directory, timeout_s
        self._session = session or requests.Session()
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Base]] = {}
        directory.mkdir(parents=True, exist_ok=True, mode=0o711)
        for leftover in directory.glob("*.part*"):
            leftover.unlink()

    def get(self, image: ImageSource, check: Callable[[], None] = lambda: None) -> Base:
        """The image, from the cache or fetched now. Others that ask meanwhile wait for the same
        download. `check` is called often and may raise Cancelled. Raises ImageUnavailable,
        ImageCorrupt or ImageUnsafe."""
        key = self.key(image)
        while True:
            with self._lock:
                found = self._known(key)
                if found:
                    return found
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._flights[key] = Future()
            if mine:
                return self._lead(key, image, flight, check)
            result = self._follow(flight, check)
            if result:
                return result

    def _lead(
        self, key: str, image: ImageSource, flight: Future[Base], check: Callable[[], None]
    ) -> Base:
        try:
            base = self._fetch(key, image, check)
        except BaseException as error:
            with self._lock:
                del self._flights[key]
            flight.set_exception(error)
            raise
        with self._lock:
            del self._flights[key]
        flight.set_result(base)
        return base

    def _follow(self, flight: Future[Base], check: Callable[[], None]) -> Base | None:
        while True:
            check()
            try:
                return flight.result(timeout=0.5)
            except TimeoutError:
                continue
            except (Cancelled, TokenExpired):
                return (
                    None  # the one who fetched gave up or may not read it: we try with what we have
                )

    @staticmethod
    def key(image: ImageSource) -> str:
        "The file name of an image: its checksum, or its id where it has none."
        known = "".join(c for c in image.hash_value.lower() if c in "0123456789abcdef")
        return f"{known[:64]}.base" if known else f"{image.id}.base"

    def _known(self, key: str) -> Base | None:
        path = self.directory / key
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return _describe(path)

    def _fetch(self, key: str, image: ImageSource, check: Callable[[], None]) -> Base:
        part = self.directory / f"{key}.part"
        final = self.directory / key
        started = time.monotonic()
        try:
            self._download(image, part, check)
            self._accept(image, part, final)
        finally:
            part.unlink(missing_ok=True)
        base = _describe(final)
        self._note(image.id, key)
        LOG.info(
            "image %s fetched in %.1f s: %s, %d MiB",
            image.id,
            time.monotonic() - started,
            base.format,
            base.virtual_size // 1024**2,
        )
        return base

    def _download(self, image: ImageSource, part: Path, check: Callable[[], None]) -> None:
        digest = hashlib.new(image.hash_algo or "sha512") if image.hash_value else None
        received = 0
        deadline = time.monotonic() + self.timeout_s
        with _readable(image), open(part, "wb") as out:
            for chunk in self._chunks(image):
                check()
                if time.monotonic() > deadline:
                    raise ImageUnavailable(
                        image_id=image.id, why=f"it took longer than {self.timeout_s} s."
                    )
                received += len(chunk)
                if digest:
                    digest.update(chunk)
                _write_sparse(out, chunk)
            out.truncate(received)
        if image.size_bytes and received != image.size_bytes:
            raise ImageUnavailable(
                image_id=image.id, why=f"{received} of {image.size_bytes} bytes came."
            )
        if digest and digest.hexdigest() != image.hash_value.lower():
            raise ImageCorrupt(
                image_id=image.id,
                algo=image.hash_algo,
                found=digest.hexdigest(),
                expected=image.hash_value,
            )

    def _chunks(self, image: ImageSource) -> Iterator[bytes]:
        headers = {"X-Auth-Token": image.token} if image.token else {}
        with self._session.get(image.url, headers=headers, stream=True, timeout=(10, 60)) as answer:
            if answer.status_code in (401, 403):
                raise TokenExpired(image_id=image.id)
            if answer.status_code != 200:
                raise ImageUnavailable(
                    image_id=image.id,
                    why=f"the image service answered {answer.status_code} {answer.reason}.",
                )
            yield from answer.iter_content(_CHUNK)

    def _accept(self, image: ImageSource, part: Path, final: Path) -> None:
        claimed = image.disk_format
        if claimed not in _FORMATS:
            raise ImageUnsafe(
                image_id=image.id, why=f"disk format {claimed} cannot be run on this host."
            )
        real = inspect(image, part)
        if _FORMATS[claimed] == "raw" or real == "qcow2":
            part.chmod(_READABLE)
            os.replace(part, final)
            return
        converted = part.with_name(part.name + ".qcow2")
        try:
            run(
                "qemu-img",
                "convert",
                "-f",
                real,
                "-O",
                "qcow2",
                str(part),
                str(converted),
                timeout_s=self.timeout_s,
            )
            converted.chmod(_READABLE)
            os.replace(converted, final)
        finally:
            converted.unlink(missing_ok=True)

    def _note(self, image_id: str, key: str) -> None:
        "Remember which file an image's id has, for `forget`."
        link = self.directory / f"{image_id}.id"
        link.unlink(missing_ok=True)
        link.symlink_to(key)

    def forget(self, image_id: str, in_use: set[Path]) -> bool:
        "Drop an image unless a server stands on it. Whether it is gone."
        link = self.directory / f"{image_id}.id"
        if not link.is_symlink():
            return True
        target = self.directory / os.readlink(link)
        if target in in_use:
            return False
        target.unlink(missing_ok=True)
        link.unlink()
        return True

    def age(self, older_than_s: float, in_use: set[Path]) -> list[Path]:
        """Drop what no server stands on and nobody has asked for in `older_than_s` seconds; what
        was dropped."""
        dropped = []
        limit = time.time() - older_than_s
        for path in self.directory.glob("*.base"):
            if path in in_use:
                os.utime(path)
            elif path.stat().st_mtime < limit:
                path.unlink()
                dropped.append(path)
        for link in self.directory.glob("*.id"):
            if not link.exists():
                link.unlink()
        return dropped


def inspect(image: ImageSource, path: Path) -> str:
    """QEMU's name of the format that the bytes really have, before any QEMU program opens them.
    Raises ImageUnsafe when it is not the format that the image claims, or when it names other
    files: a backing or data file could be any file of this host."""
    try:
        inspector = format_inspector.detect_file_format(str(path))
        found = str(inspector) if inspector else "raw"
        if inspector:
            inspector.safety_check()
    except (format_inspector.SafetyCheckFailed, format_inspector.ImageFormatError) as error:
        raise ImageUnsafe(image_id=image.id, why=f"its format check says: {error}.") from None
    claimed = _FORMATS[image.disk_format]
    real = _FORMATS.get(found, found)
    if real != claimed:
        raise ImageUnsafe(
            image_id=image.id, why=f"it claims to be {image.disk_format} but is {found}."
        )
    return real


def _describe(path: Path) -> Base:
    inspector: Any = format_inspector.detect_file_format(str(path))
    if str(inspector) == "qcow2":
        return Base(path, "qcow2", inspector.virtual_size)
    return Base(path, "raw", path.stat().st_size)


def _write_sparse(out: Any, chunk: bytes) -> None:
    if chunk.count(0) == len(chunk):
        out.seek(len(chunk), os.SEEK_CUR)
    else:
        out.write(chunk)


@contextlib.contextmanager
def _readable(image: ImageSource) -> Iterator[None]:
    "A network error in words."
    try:
        yield
    except requests.ConnectionError:
        raise ImageUnavailable(
            image_id=image.id, why="the image service cannot be reached."
        ) from None
    except requests.RequestException as error:
        raise ImageUnavailable(image_id=image.id, why=f"{type(error).__name__}: {error}.") from None
