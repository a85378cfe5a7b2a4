"""Junk at every route of a JSON API: whatever a client sends, it is told what was wrong, and
nothing fails on our side."""

import json

BROKEN = (b"{", b"\xff\xfe", b"null", b"[]", b"5", b'"text"', b'{"a": "\\ud800"}', b"[" * 5000)
VALUES = (None, 5, 10**30, "x", "\u0000", [], [None], {}, {"unknown": {"deep": [1, None]}})
NAMES = ("x", "00000000-0000-0000-0000-000000000000", "a" * 300, "%00", "%F0%9F%92%BE")
QUERIES = (
    "limit=-1",
    "limit=x",
    "limit=99999999999999999999",
    "marker=%00",
    "marker=x",
    "sort_key=nothing&sort_dir=up",
    "fields=nothing",
    "id=%FF",
    "name=%00",
)


def nouns(rule):
    "What a body of this path may be wrapped in: the nouns of the path, of one and of many."
    found = []
    for part in rule.rule.strip("/").split("/"):
        if part and not part.startswith("<") and not part.startswith("v"):
            plain = part.removesuffix(".json").replace("-", "_")
            found += [plain, plain.removesuffix("s"), plain.removesuffix("ies") + "y"]
    return sorted(set(found[-6:]))


def bodies(rule):
    "Bodies for a route, as bytes."
    yield from BROKEN
    yield b"{}"
    for noun in nouns(rule):
        for value in VALUES:
            yield json.dumps({noun: value}).encode()
        fields = ("name", "id", "project_id", "network_id", "enabled", "description", "type")
        for value in (5, {}, [], "\u0000", "y" * 5000):
            yield json.dumps({noun: dict.fromkeys(fields, value)}).encode()


def throw(app, client, leave=()):
    """Send it all. Returns how many requests were made, and those whose answer was no 4xx, or not
    JSON: (method, path, body, status, answer). `leave` names endpoints that answer no JSON."""
    count, bad = 0, []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in leave or rule.endpoint == "static":
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            for path, body in _requests(rule, method):
                answer = client.request(method, path, data=body, content_type="application/json")
                count += 1
                if answer.status_code >= 500 or (answer.status_code >= 400 and not _told(answer)):
                    text = answer.get_data(as_text=True)[:300]
                    bad.append((method, path, body[:200], answer.status_code, text))
    return count, bad


def _requests(rule, method):
    paths = [_path(rule, name) for name in (NAMES if rule.arguments else NAMES[:1])]
    if method in ("POST", "PUT", "PATCH"):
        yield from ((paths[0], body) for body in bodies(rule))
    else:
        yield from ((f"{paths[0]}?{query}", b"") for query in QUERIES)
    yield from ((path, b"{}") for path in paths[1:])


def _path(rule, name):
    parts = rule.rule.split("/")
    return "/".join(name if part.startswith("<") else part for part in parts)


def _told(answer):
    text = answer.get_data(as_text=True)
    if "Traceback" in text:
        return False
    try:
        json.loads(text)
    except ValueError:
        return answer.status_code in (404, 405) and not text
    return True
