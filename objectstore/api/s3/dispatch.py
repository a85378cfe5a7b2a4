"""Which handler serves which S3 request, and the XML of what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from common.errors import (
    Error,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from objectstore import errors
from objectstore.api.request import Answer, ClientGone
from objectstore.api.s3 import buckets, configs, multipart, objects
from objectstore.api.s3.request import S3Request
from objectstore.core import Deps
from objectstore.core.containers import TooManyContainers
from objectstore.core.s3.errors import Md5Mismatch, NotImplementedHere, S3Error
from objectstore.views import s3 as views

LOG = logging.getLogger(__name__)
Handler = Callable[[S3Request], Answer]

BUCKET: dict[str, dict[str, Handler]] = {
    "": {
        "GET": buckets.list_objects,
        "HEAD": buckets.head,
        "PUT": buckets.create,
        "DELETE": buckets.delete,
    },
    "versions": {"GET": buckets.list_versions},
    "uploads": {"GET": multipart.list_uploads},
    "delete": {"POST": objects.delete_many},
    "location": {"GET": configs.location},
    "versioning": {"GET": configs.get_versioning, "PUT": configs.put_versioning},
    "acl": {"GET": configs.get_acl, "PUT": configs.put_acl},
    "tagging": {
        "GET": configs.get_tags,
        "PUT": configs.put_tags,
        "DELETE": configs.delete_tags,
    },
    "requestPayment": {"GET": configs.payer},
    "accelerate": {"GET": configs.empty("AccelerateConfiguration")},
    "logging": {"GET": configs.empty("BucketLoggingStatus")},
    "notification": {"GET": configs.empty("NotificationConfiguration")},
    **{name: {"GET": configs.absent(code)} for name, code in configs.ABSENT.items()},
}
OBJECT: dict[str, dict[str, Handler]] = {
    "": {
        "GET": objects.get,
        "HEAD": objects.get,
        "PUT": objects.put,
        "DELETE": objects.delete,
    },
    "uploads": {"POST": multipart.create},
    "uploadId": {
        "GET": multipart.list_parts,
        "PUT": multipart.put_part,
        "POST": multipart.complete,
        "DELETE": multipart.abort,
    },
    "acl": {"GET": configs.get_object_acl, "PUT": configs.put_object_acl},
    "tagging": {
        "GET": objects.get_tags,
        "PUT": objects.put_tags,
        "DELETE": objects.delete_tags,
    },
    "attributes": {"GET": objects.attributes},
}
_OTHER = frozenset(
    (
        "analytics",
        "append",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "metrics",
        "renameObject",
        "restore",
        "retention",
        "select",
        "session",
        "torrent",
    )
)
"""Subresources that are not served at all."""

_CODES: tuple[tuple[type[Error], str, int], ...] = (
    (errors.ContainerNotFound, "NoSuchBucket", 404),
    (errors.AccountNotFound, "NoSuchBucket", 404),
    (errors.ObjectNotFound, "NoSuchKey", 404),
    (errors.ContainerNotEmpty, "BucketNotEmpty", 409),
    (errors.EtagMismatch, "BadDigest", 400),
    (errors.ObjectTooLarge, "EntityTooLarge", 400),
    (errors.UploadOverQuota, "QuotaExceeded", 403),
    (errors.LengthMissing, "MissingContentLength", 411),
    (errors.InvalidUrl, "InvalidURI", 400),
    (errors.InvalidVersion, "InvalidArgument", 400),
    (errors.InvalidHeader, "InvalidArgument", 400),
    (errors.InvalidPath, "InvalidArgument", 400),
    (TooManyContainers, "TooManyBuckets", 400),
    (ClientGone, "IncompleteBody", 400),
    (PreconditionFailed, "PreconditionFailed", 412),
    (RangeNotSatisfiable, "InvalidRange", 416),
    (MethodNotAllowed, "MethodNotAllowed", 405),
    (TooManyRequests, "SlowDown", 503),
    (Unauthorized, "AccessDenied", 403),
    (Forbidden, "AccessDenied", 403),
    (NotFound, "NoSuchKey", 404),
    (Unavailable, "ServiceUnavailable", 503),
)
_WORDS = {
    "NoSuchBucket": "The specified bucket does not exist.",
    "NoSuchKey": "The specified key does not exist.",
    "BucketNotEmpty": "The bucket you tried to delete is not empty",
    "MissingContentLength": "You must provide the Content-Length HTTP header.",
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "InvalidRange": "The requested range is not satisfiable",
    "MethodNotAllowed": "The specified method is not allowed against this resource.",
}
"""What clients compare, where the Swift API has other words."""


def serve(environ: dict[str, Any], deps: Deps, trans_id: str) -> Answer:
    "The answer to an S3 request, also when it goes wrong."
    environ["altostratus.route"] = "s3"
    try:
        req = S3Request(environ, deps, trans_id)
        handler = _handler(environ, req)
        req.identify()
        answer = handler(req)
        if answer.status < 400 and not req.caller.decided:
            LOG.error("nobody decided about access for %s %s", req.method, req.path)
            raise Internal()
    except Error as error:
        answer = failure(environ, error, trans_id)
    except Exception:
        LOG.exception("%s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
        answer = failure(environ, Internal(), trans_id)
    answer.headers += [("x-amz-request-id", trans_id), ("x-amz-id-2", trans_id)]
    return answer


def _handler(environ: dict[str, Any], req: S3Request) -> Handler:
    if not req.container:
        if req.method != "GET":
            raise MethodNotAllowed(headers={"Allow": "GET"})
        environ["altostratus.route"] = "s3/"
        return buckets.list_all
    table = OBJECT if req.name else BUCKET
    which = next((name for name in req.query if name in table and name), "")
    if not which and (other := _OTHER & set(req.query)):
        raise NotImplementedHere(what=", ".join(sorted(other)))
    environ["altostratus.route"] = f"s3/{'{key}' if req.name else '{bucket}'}?{which}"
    handler = table[which].get(req.method)
    if handler is None:
        if which and req.method in ("PUT", "DELETE", "POST"):
            raise NotImplementedHere(what=which)
        raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(table[which]))})
    return handler


def code_of(error: Error) -> tuple[str, int]:
    "(S3 code, status) of an error."
    if isinstance(error, S3Error):
        return error.s3_code, error.code
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            return code, status
    return ("InvalidRequest", error.code) if error.code < 500 else ("InternalError", error.code)


def failure(environ: dict[str, Any], error: Error, trans_id: str) -> Answer:
    "An error as an answer."
    if isinstance(error, errors.EtagMismatch):
        error = Md5Mismatch()
    code, status = code_of(error)
    if status >= 500:
        LOG.error("%s %s: %s", environ["REQUEST_METHOD"], environ["PATH_INFO"], error.message)
    headers = [h for h in error.headers.items() if h[0].lower() != "content-type"]
    headers.append(("Content-Type", "application/xml"))
    more = error.more if isinstance(error, S3Error) else {}
    message = _WORDS.get(code, error.message)
    body = views.error(code, message, environ["PATH_INFO"], trans_id, more)
    return Answer(status, headers, body)
