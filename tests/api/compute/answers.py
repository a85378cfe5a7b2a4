"""Every answer of the API in a test is checked against its schema: an answer that does not fit
fails the test that asked, as an error of the app would."""

import json

from flask import g, request

from compute.schemas.responses import ERROR, schema_of

SEEN = set()
"""(method, path of the route, version or None, status) of every answer so far"""


class WrongAnswer(AssertionError):
    "An answer that does not fit its schema."


def watch(app):
    "Check what `app` answers from now on."
    app.before_request(_keep_body)
    app.after_request(_check)


def _keep_body():
    request.get_data(cache=True)  # which action was asked for is looked at after the handler


def _check(response):
    if request.method == "HEAD" or request.url_rule is None:
        return response
    version = g.get("version")
    SEEN.add((request.method, request.url_rule.rule, version, response.status_code))
    data = response.get_data()
    body = json.loads(data) if data else None
    what = f"{request.method} {request.url_rule} {g.get('version')} -> {response.status_code}"
    schema = ERROR if response.status_code >= 400 else _schema()
    if not schema.is_valid(body):
        found = sorted(schema._exact.iter_errors(body), key=lambda e: len(e.absolute_path))
        text = "; ".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in found)
        raise WrongAnswer(f"{what}: {text[:1500]}")
    return response


def _schema():
    action = None
    if request.url_rule.rule.endswith("/action"):
        action = next(iter(json.loads(request.get_data() or b"{}")), None)
    return schema_of(request.method, request.url_rule.rule, g.version, action)
