"""Files that a browser needs for a screen: our page, and noVNC from wherever it is installed."""

from __future__ import annotations

import mimetypes
from pathlib import Path

OWN = Path(__file__).with_name("static")
_PLACES = (Path(__file__).parents[2] / "dashboard/static/vendor/novnc", Path("/usr/share/novnc"))
_PAGE = {"/vnc_auto.html", "/vnc_lite.html", "/vnc.html"}


def find_novnc() -> Path | None:
    "The first directory that has noVNC's RFB client."
    return next((p for p in _PLACES if rfb(p)), None)


def rfb(directory: Path) -> str | None:
    "Where in a directory of noVNC its module RFB lies."
    return next(
        (n for n in ("core/rfb.js", "lib/rfb.js", "rfb.js") if (directory / n).is_file()), None
    )


class Pages:
    "`get(path)` -> (bytes, content type), or None."

    def __init__(self, novnc: Path | None) -> None:
        self.novnc = novnc

    def get(self, path: str) -> tuple[bytes, str] | None:
        """The page of a console, or a file of noVNC. Nothing outside of its directory is ever
        served."""
        if path in _PAGE:
            module = rfb(self.novnc) if self.novnc else None
            page = (OWN / "vnc.html").read_text()
            return page.replace(
                "@RFB@", module or "core/rfb.js"
            ).encode(), "text/html; charset=utf-8"
        if self.novnc is None or not path.startswith("/novnc/"):
            return None
        file = (self.novnc / path.removeprefix("/novnc/")).resolve()
        if not file.is_relative_to(self.novnc.resolve()) or not file.is_file():
            return None
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return file.read_bytes(), "text/javascript" if file.suffix in {".js", ".mjs"} else kind
