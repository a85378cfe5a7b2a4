"""Files of the browser: versioned by their content, so that they are cached for ever, and
compressed once.

The URL of a file is `/static/VERSION/NAME`, where VERSION changes when any file does.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.security import safe_join

from dashboard.errors import NoSuchPage

_TEXT = {".css", ".js", ".mjs", ".svg"}


def version_of(folder: Path) -> str:
    "A digest of names, sizes and times of all files."
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            digest.update(
                f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=128)
def _zipped(path: Path, version: str) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def install(app: Flask, folder: Path) -> None:
    "Serve `folder`; `url_for('static', filename=...)` names its files."
    version = version_of(folder)

    def static(version_asked: str, filename: str) -> Response:
        name = safe_join(str(folder), filename)
        path = Path(name) if name else None
        if path is None or not path.is_file():
            raise NoSuchPage()
        kind = (
            "text/javascript"
            if path.suffix in (".js", ".mjs")
            else mimetypes.guess_type(path.name)[0]
        )
        if path.suffix in _TEXT and "gzip" in request.headers.get("Accept-Encoding", ""):
            answer = Response(
                _zipped(path, version), mimetype=kind, headers={"Content-Encoding": "gzip"}
            )
        else:
            answer = send_file(path, mimetype=kind)
        answer.headers["Vary"] = "Accept-Encoding"
        forever = version_asked == version
        answer.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if forever else "no-cache"
        )
        return answer

    app.add_url_rule("/static/<version_asked>/<path:filename>", "static", static)

    @app.url_defaults
    def versioned(endpoint: str, values: dict[str, str]) -> None:
        if endpoint == "static":
            values.setdefault("version_asked", version)
