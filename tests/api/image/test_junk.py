"""Junk at every route: whatever a client sends, it is told what was wrong, and nothing fails."""

import itertools
import json

import pytest

BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b"[" * 5000,
    json.dumps({"unknown": {"deep": [1, None]}}).encode(),
    json.dumps({k: [] for k in ("name", "namespace", "tags", "member", "method", "type")}).encode(),
    json.dumps(dict.fromkeys(("id", "min_disk", "status", "stores", "url"), 10**30)).encode(),
    json.dumps({"method": {"name": {}}, "input": 5, "type": "import"}).encode(),
    json.dumps([{"op": "replace", "path": "/name", "value": {}}, 5]).encode(),
    json.dumps([{"op": {}, "path": []}]).encode(),
    json.dumps([{"op": "add", "path": "/" + "x" * 300, "value": "v"}]).encode(),
)
TYPES = (
    "application/json",
    "application/openstack-images-v2.1-json-patch",
    "application/openstack-images-v2.0-json-patch",
    "application/octet-stream",
    "text/plain; charset=nonsense",
    "",
)
VALUES = (
    "x",
    "00000000-0000-0000-0000-000000000000",
    "%00",
    "%F0%9F%92%BE",
    "a" * 300,
    "'--",
    "..",
    "%2e%2e",
)
QUERIES = (
    "limit=-1",
    "limit=x",
    "limit=99999999999999999999",
    "marker=%00",
    "marker=x",
    "sort=;",
    "sort_key=size&sort_key=",
    "sort_dir=up",
    "size_min=-1",
    "size_max=1e9",
    "created_at=gt:never",
    "updated_at=in:now",
    "name=in:%22",
    "visibility=secret",
    "member_status=maybe",
    "os_hidden=2",
    "protected=x",
    "tag=%FF",
    "x%00y=1",
    "status=in:",
    "resource_types=,,&visibility=none",
    "type=none&status=none",
)
HEADERS = (
    {"Range": "bytes=9-1"},
    {"Range": "bytes=a-b,c"},
    {"Content-Length": "x"},
    {"X-Openstack-Image-Size": "-4"},
    {"X-Image-Meta-Store": "nowhere"},
    {"x-image-cache-clear-target": "\x7f"},
    {"X-Auth-Token": "junk"},
    {"X-Auth-Token": "e30.e30.e30"},
    {"X-Service-Token": "junk"},
    {"Accept": "junk"},
    {"Transfer-Encoding": "junk"},
)


@pytest.fixture
def cloud(make_cloud):
    return make_cloud(**{"cache.limit_mib": 1})


def routes(cloud):
    "Method and path template of everything that is served."
    return [(r.method, r.path) for r in cloud.app.extensions["routes"]]


def fill(path, value):
    "A path with every variable filled in."
    parts = [value if p.startswith("<") else p for p in path.split("/")]
    return "/".join(parts)


def checked(answer, what):
    "The answer is not the service's failure, and an error is in its own shape."
    assert answer.status_code < 500, (what, answer.get_data(as_text=True))
    if answer.status_code >= 400 and answer.data:
        error = answer.get_json(silent=True)
        assert error, (what, answer.get_data(as_text=True))
        assert error["code"].startswith(str(answer.status_code)) and error["message"], what
        assert "Traceback" not in error["message"]


@pytest.fixture
def callers(cloud, admin):
    "An administrator, to get past the policies, and a member."
    return admin, cloud.client()


def existing(cloud, client, admin):
    "Values that name something, so that bodies are looked at."
    image = cloud.create(client)
    admin.ok("POST", "/v2/metadefs/namespaces", json={"namespace": "here"}, status=201)
    return image["id"], "here"


def test_junk_bodies(cloud, callers, admin):
    targets = existing(cloud, callers[1], admin)
    for method, path in routes(cloud):
        if method not in ("POST", "PUT", "PATCH"):
            continue
        for body, kind in itertools.product(BODIES, TYPES):
            for value in targets:
                headers = {"Content-Type": kind} if kind else {}
                answer = admin.request(method, fill(path, value), data=body, headers=headers)
                checked(answer, (method, path, kind, body[:60]))


def test_junk_in_paths(cloud, callers):
    for (method, path), value in itertools.product(routes(cloud), VALUES):
        if "<" in path:
            for client in callers:
                answer = client.request(method, fill(path, value), json={"a": 1})
                checked(answer, (method, path, value))


def test_junk_queries(cloud, callers):
    for (method, path), query in itertools.product(routes(cloud), QUERIES):
        if method == "GET" and "file" not in path:
            for client in callers:
                answer = client.get(f"{fill(path, 'x')}?{query}")
                checked(answer, (path, query))


def test_junk_headers(cloud, callers):
    image = cloud.active(callers[1], b"data")
    for (method, path), headers in itertools.product(routes(cloud), HEADERS):
        if method == "DELETE":
            continue
        answer = callers[1].request(method, fill(path, image["id"]), data=b"{}", headers=headers)
        checked(answer, (method, path, headers))
        if headers.get("X-Auth-Token"):
            assert answer.status_code in (401, 200, 300), (method, path)


def test_nothing_is_open_but_the_versions(cloud):
    nobody = cloud.client(roles=())
    for method, path in routes(cloud):
        answer = nobody.request(method, fill(path, "x"), json={})
        opened = path in ("/", "/versions", "/v2", "/v2/")
        assert (answer.status_code == 401) != opened, (method, path)


def test_unknown_methods_say_what_is_known(cloud, callers):
    for path in {p for _, p in routes(cloud)}:
        answer = callers[0].request("TRACE", fill(path, "x"))
        assert answer.status_code == 405 and answer.headers["Allow"], path
