"""The two pages that a browser sees of identity: the one that takes a token to the dashboard, and
the one that says why there is none."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from urllib.parse import urlsplit

Page = tuple[str, dict[str, str]]
"""HTML and the headers that it needs."""

_SCRIPT = "document.forms.sso.submit();"
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Log in</title></head><body>'
)


def handover(origin: str, token: str) -> Page:
    """A form that sends `token` to `origin` by itself. The dashboard is told where it comes from
    (Referrer-Policy: origin), and nothing of the address, in which the code was."""
    where = urlsplit(origin)
    html = (
        f'{_HEAD}<form name="sso" method="post" action="{escape(origin)}">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        "<noscript><button>Go on</button></noscript></form>"
        f"<script>{_SCRIPT}</script></body></html>"
    )
    policy = f"{_POLICY}; script-src 'sha256-{_HASH}'; form-action {where.scheme}://{where.netloc}"
    return html, {**_HEADERS, "Content-Security-Policy": policy, "Referrer-Policy": "origin"}


def sorry(message: str, request_id: str) -> Page:
    "What went wrong, and under which number the operator finds more."
    html = (
        f"{_HEAD}<h1>You are not logged in</h1><p>{escape(message)}</p>"
        f"<p>The operator finds this in the log as {escape(request_id)}.</p></body></html>"
    )
    return html, {**_HEADERS, "Content-Security-Policy": _POLICY}
