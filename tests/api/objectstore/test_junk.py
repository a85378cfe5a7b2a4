"""Whatever a client sends, it gets an answer under 500 that says what was wrong."""

import itertools

import pytest

from objectstore.api.dispatch import ROUTES
from tests.api.objectstore.swift import Swift

PATHS = {
    "/v1/{account}": "",
    "/v1/{account}/{container}": "c",
    "/v1/{account}/{container}/{object}": "c/o",
}
JUNK = ("", "-1", "²", "9" * 400, "{", "//a/b/c", "%é€")
QUERIES = (
    "limit", "marker", "end_marker", "prefix", "delimiter", "path", "reverse", "format",
    "versions", "version_marker", "version-id", "multipart-manifest", "part-number", "symlink",
    "heartbeat", "extract-archive", "bulk-delete", "temp_url_sig", "temp_url_expires",
    "temp_url_prefix", "temp_url_ip_range",
)  # fmt: skip
HEADERS = (
    "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
    "ETag", "X-Copy-From", "X-Copy-From-Account", "Destination", "Destination-Account",
    "X-Delete-At", "X-Delete-After", "X-If-Delete-At", "X-Object-Manifest", "X-Symlink-Target",
    "X-Symlink-Target-Etag", "X-Symlink-Target-Account", "X-Timestamp", "X-Newest", "Accept",
    "X-Storage-Policy", "X-Container-Read", "X-Container-Write", "X-Container-Sync-To",
    "X-Container-Sync-Key", "X-Container-Sync-Auth", "X-Versions-Enabled", "X-Versions-Location",
    "X-History-Location", "X-Container-Meta-Quota-Bytes", "X-Container-Meta-Quota-Count",
    "X-Account-Access-Control", "X-Account-Quota-Bytes", "X-Account-Quota-Count",
    "X-Account-Meta-Temp-URL-Key", "Content-Type", "Origin", "X-Web-Mode", "X-Fresh-Metadata",
    "X-Detect-Content-Type", "X-Service-Token",
)  # fmt: skip


@pytest.fixture
def boss(app):
    "Somebody who may do everything, so that nothing is refused before it is looked at."
    boss = Swift(app, roles=("member", "ResellerAdmin"))
    boss.put("c")
    boss.put("c/o", b"data")
    return boss


def again(boss, method):
    "What DELETE may have removed."
    if method == "DELETE":
        boss.put("c")
        boss.put("c/o", b"data")


def fine(answer, what):
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500, f"{what}: {answer.status} {text}"
    assert "Traceback" not in text


@pytest.mark.parametrize("route", ROUTES)
def test_queries(boss, route):
    for method, name, value in itertools.product(ROUTES[route], QUERIES, JUNK):
        again(boss, method)
        answer = boss.client.request(
            method, boss.url(PATHS[route]), query_string={name: value}, data=b"junk"
        )
        fine(answer, f"{method} {route} {name}={value}")


@pytest.mark.parametrize("route", ROUTES)
def test_headers(boss, route):
    for method, name, value in itertools.product(ROUTES[route], HEADERS, JUNK):
        again(boss, method)
        raw = value.encode().decode("latin-1")
        answer = boss.client.request(
            method, boss.url(PATHS[route]), headers={name: raw}, data=b"junk"
        )
        fine(answer, f"{method} {route} {name}: {value}")


@pytest.mark.parametrize(
    "path",
    ["%FF", "c/%FF", "c//", "c/%00", "c/" + "%2F" * 600, "c%2Fd/o", ".", "..", "c/../../x", "é/€"],
)
def test_paths(boss, path):
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "OPTIONS", "PATCH", "LOCK"):
        answer = boss.client.request(method, f"/v1/{boss.account}/{path}", data=b"x")
        fine(answer, f"{method} {path}")


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"{}", b"[]", b"[1]", b"[null]", b"[[]]", b'[{"path": 1}]', b'[{"path": "x"}]',
        b'[{"path": "/c/o", "size_bytes": "x"}]', b'[{"path": "/c/o", "size_bytes": -1}]',
        b'[{"path": "/c/o", "etag": 1}]', b'[{"path": "/c/o", "range": "5-1"}]',
        b'[{"path": "/c/o", "range": "9999999-"}]', b'[{"path": "/c/o", "range": 1}]',
        b'[{"data": "!"}]', b'[{"data": 1}]', b'[{"path": "/none/o"}]',
        b'[{"path": "/c/o", "x": 1}]',
        b"[" * 100_000, b"\xff\xfe", b'[{"path": "/c/m"}]',
    ],
)  # fmt: skip
@pytest.mark.parametrize("query", ["multipart-manifest=put", "multipart-manifest=put&heartbeat=on"])
def test_manifests(boss, manifest, query):
    boss.put("c/o", b"data")
    answer = boss.put(f"c/m?{query}", manifest)
    text = answer.get_data(as_text=True)
    assert answer.status_code in ((400,) if "heartbeat" not in query else (400, 202)), text
    assert answer.status_code == 400 or "Response Status: 4" in text
