"""S3 requests that no SDK would send: each gets an answer under 500 (or 501) in S3's own form; and
bodies that are signed piece by piece."""

import base64
import hashlib
import itertools
import time
import zlib
from urllib.parse import quote, urlencode

import pytest

from objectstore.api.s3.dispatch import BUCKET, OBJECT
from objectstore.core.s3 import sigv4
from objectstore.core.s3.signers import Signers
from objectstore.core.s3.sigv4 import Signed
from tests.api.objectstore import s3
from tests.support import authenticator

JUNK = ("", "-1", "²", "9" * 400, "{", "//a/b/c", "%é€")
QUERIES = (
    "marker", "prefix", "delimiter", "max-keys", "encoding-type", "list-type", "start-after",
    "continuation-token", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads",
    "max-parts", "part-number-marker", "partNumber", "versionId", "uploadId", "max-buckets",
    "response-expires", "fetch-owner",
)  # fmt: skip
HEADERS = (
    "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
    "Content-MD5", "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-if-match",
    "x-amz-metadata-directive", "x-amz-tagging", "x-amz-tagging-directive", "x-amz-acl",
    "x-amz-storage-class", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-trailer",
    "x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm", "x-amz-checksum-type",
    "x-amz-decoded-content-length", "x-amz-expected-bucket-owner", "x-amz-meta-x",
    "x-amz-object-attributes", "x-amz-bucket-object-lock-enabled",
)  # fmt: skip
BODIES = (
    b"", b"<", b"<a/>", b"\xff\xfe", b"<Delete/>", b"<Delete><Object/></Delete>",
    b"<Delete><Object><Key></Key></Object></Delete>", b"<Tagging><TagSet><Tag/></TagSet></Tagging>",
    b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag/></Part>"
    b"</CompleteMultipartUpload>",
    b'<!DOCTYPE a [<!ENTITY b "c">]><Delete>&b;</Delete>',
    b"<VersioningConfiguration><Status>Odd</Status></VersioningConfiguration>",
    b"<CreateBucketConfiguration><LocationConstraint>nowhere</LocationConstraint>"
    b"</CreateBucketConfiguration>",
)  # fmt: skip


class Raw:
    "Signs and sends what it is told to."

    def __init__(self, app, access="owner"):
        self.http, self.access = app.test_client(), access
        self.secret = s3.KEYS[access][0]

    def signed(self, method, path, pairs, headers, payload):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers |= {"host": "localhost", "x-amz-date": stamp, "x-amz-content-sha256": payload}
        names = tuple(sorted(h.lower() for h in headers))
        low = {k.lower(): v for k, v in headers.items()}
        request = Signed(self.access, stamp[:8], "us-east-1", names, "", stamp, payload)
        text = sigv4.string_to_sign(request, method, path, pairs, lambda n: low[n])
        key = sigv4.signing_key(self.secret, request.scope)
        signature = sigv4.signature(key, text)
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access}/{request.scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return Signed(self.access, stamp[:8], "us-east-1", names, signature, stamp, payload), key

    def __call__(self, method, path, pairs=(), body=b"", payload=None, make=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        payload = payload or hashlib.sha256(body).hexdigest()
        signed, key = self.signed(method, path, pairs, headers, payload)
        data = make(signed, key) if make else body
        query = urlencode(pairs, quote_via=quote)
        return self.http.open(
            quote(path), method=method, query_string=query, headers=headers, data=data
        )


@pytest.fixture
def raw(app):
    deps = app.extensions["deps"]
    deps.signers = Signers(s3.Identity(), authenticator("object-store"), 60)
    raw = Raw(app)
    again(raw)
    return raw


def again(raw):
    raw("PUT", "/bucket")
    raw("PUT", "/bucket/key", body=b"data")


def fine(answer, what):
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500 or answer.status_code == 501, f"{what}: {answer.status} {text}"
    if answer.status_code >= 400 and text:
        assert "<Code>" in text, f"{what}: {text}"
        assert "<Code>SignatureDoesNotMatch" not in text, f"{what}: it was not looked at"


def operations():
    for table, path in ((BUCKET, "/bucket"), (OBJECT, "/bucket/key")):
        for name, methods in table.items():
            for method in methods:
                yield method, path, [(name, "")] if name else []


def test_queries(raw):
    for method, path, pairs in operations():
        for name, value in itertools.product(QUERIES, JUNK):
            fine(raw(method, path, [*pairs, (name, value)]), f"{method} {path}?{pairs}&{name}")
        again(raw)


def test_headers(raw):
    for method, path, pairs in operations():
        for name, value in itertools.product(HEADERS, JUNK):
            if not value.isascii() or not value:
                continue
            fine(raw(method, path, pairs, **{name: value}), f"{method} {path} {name}: {value}")
        again(raw)


def test_bodies(raw):
    for method, path, pairs in operations():
        for body in BODIES:
            fine(raw(method, path, pairs, body), f"{method} {path} {pairs} {body}")
        again(raw)


def test_methods_and_authorizations(raw):
    for method, path in itertools.product(
        ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "COPY"), ("/", "/bucket", "/bucket/k")
    ):
        fine(raw(method, path), f"{method} {path}")
        again(raw)
    for text in ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ,=,", "AWS a:b", "AWS4-HMAC-SHA256 a=b,c"):
        headers = {"Authorization": text, "x-amz-content-sha256": "x"}
        answer = raw.http.get("/bucket", headers=headers)
        assert answer.status_code in (400, 403) and b"<Code>" in answer.data
    answer = raw.http.get("/bucket?X-Amz-Algorithm=x")
    assert answer.status_code == 400 and b"<Code>" in answer.data


def test_what_is_not_signed_does_not_count(raw):
    headers = {}
    raw.signed("PUT", "/bucket/new", (), headers, sigv4.UNSIGNED)
    answer = raw.http.put("/bucket/new", headers={**headers, "x-amz-acl": "private"}, data=b"x")
    assert answer.status_code == 403 and b"not signed" in answer.data
    assert raw.http.put("/bucket/new", headers=headers, data=b"x").status_code == 200


def in_chunks(pieces, trailer=b""):
    def make(signed, key):
        last, out = signed.signature, b""
        empty = hashlib.sha256(b"").hexdigest()
        for piece in [*pieces, b""]:
            digest = hashlib.sha256(piece).hexdigest()
            lines = (signed.stamp, signed.scope, last, empty, digest)
            last = sigv4.signature(key, "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", *lines)))
            out += f"{len(piece):x};chunk-signature={last}\r\n".encode() + piece
            out += b"\r\n" if piece else b""
        if trailer:
            digest = hashlib.sha256(trailer + b"\n").hexdigest()
            lines = (signed.stamp, signed.scope, last, digest)
            last = sigv4.signature(key, "\n".join(("AWS4-HMAC-SHA256-TRAILER", *lines)))
            out += trailer + f"\r\nx-amz-trailer-signature:{last}\r\n".encode()
        return out + b"\r\n"

    return make


def test_a_body_that_is_signed_in_chunks(raw):
    pieces = [b"a" * 70_000, b"b" * 8192]
    options = {
        "payload": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "content_encoding": "aws-chunked",
        "x_amz_decoded_content_length": "78192",
    }
    answer = raw("PUT", "/bucket/key", make=in_chunks(pieces), **options)
    assert answer.status_code == 200, answer.data
    got = raw("GET", "/bucket/key")
    assert got.data == b"".join(pieces) and "Content-Encoding" not in got.headers
    assert answer.headers["ETag"] == f'"{hashlib.md5(got.data).hexdigest()}"'

    def spoilt(signed, key):
        return in_chunks(pieces)(signed, key).replace(b"bb", b"bc", 1)

    answer = raw("PUT", "/bucket/key", make=spoilt, **options)
    assert answer.status_code == 403 and raw("GET", "/bucket/key").data == got.data
    options["x_amz_decoded_content_length"] = "78193"
    answer = raw("PUT", "/bucket/key", make=in_chunks(pieces), **options)
    assert answer.status_code == 400 and b"IncompleteBody" in answer.data


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_checksum_behind_the_body(raw, is_signed):
    body = b"c" * 100_000
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
    trailer = f"x-amz-checksum-crc32:{crc}".encode()

    def unsigned(signed, key):
        return f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n" + trailer + b"\r\n\r\n"

    options = {
        "payload": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        if is_signed
        else "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x_amz_decoded_content_length": str(len(body)),
        "x_amz_trailer": "x-amz-checksum-crc32",
    }
    make = in_chunks([body], trailer) if is_signed else unsigned
    answer = raw("PUT", "/bucket/key", make=make, **options)
    assert answer.status_code == 200, answer.data
    assert answer.headers["x-amz-checksum-crc32"] == crc
    trailer = b"x-amz-checksum-crc32:AAAAAA=="
    make = in_chunks([body], trailer) if is_signed else unsigned
    answer = raw("PUT", "/bucket/key", make=make, **options)
    assert answer.status_code == 400 and b"BadDigest" in answer.data


def test_host_names_address_buckets(app, raw):
    app.extensions["deps"].s3_domains = ("s3.example.org",)
    headers = {}
    raw.signed("GET", "/key", (), headers, sigv4.UNSIGNED)
    # signed for another host name, and so refused; what is not signed is nobody's
    headers["Host"] = "bucket.s3.example.org"
    assert raw.http.get("/key", headers=headers).status_code == 403
    anybody = raw.http.get("/key", headers={"Host": "bucket.s3.example.org"})
    assert anybody.status_code == 403 and b"AccessDenied" in anybody.data
