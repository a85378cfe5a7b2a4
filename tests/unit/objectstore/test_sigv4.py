"""Signatures of version 4 against the examples of Amazon's S3 API Reference ("Authenticating
Requests"), whose key, requests and signatures are published there."""

from urllib.parse import parse_qsl

import pytest

from common.errors import Error
from objectstore.core.s3 import sigv4

ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = 1369353600.0
STAMP = "20130524T000000Z"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
KEY = sigv4.signing_key(SECRET, "20130524/us-east-1/s3/aws4_request")


def headers_of(signature, names, **more):
    known = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-date": STAMP,
        "x-amz-content-sha256": EMPTY,
        "authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={names},Signature={signature}",
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    return lambda name: known.get(name.lower(), "")


@pytest.mark.parametrize(
    ("method", "path", "query", "names", "more", "signature"),
    [
        (
            "GET",
            "/test.txt",
            "",
            "host;range;x-amz-content-sha256;x-amz-date",
            {"range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            "",
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x_amz_storage_class": "REDUCED_REDUNDANCY",
                "x_amz_content_sha256": (
                    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
                ),
            },
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            "lifecycle",
            "host;x-amz-content-sha256;x-amz-date",
            {},
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            "max-keys=2&prefix=J",
            "host;x-amz-content-sha256;x-amz-date",
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_published_requests(method, path, query, names, more, signature):
    header = headers_of(signature, names, **more)
    signed = sigv4.from_header(header, NOW)
    pairs = parse_qsl(query, keep_blank_values=True)
    text = sigv4.string_to_sign(signed, method, path, pairs, header)
    assert sigv4.signature(KEY, text) == signature == signed.signature
    changed = sigv4.string_to_sign(signed, method, path + "x", pairs, header)
    assert sigv4.signature(KEY, changed) != signature


def presigned(**more):
    return {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS}/20130524/us-east-1/s3/aws4_request",
        "X-Amz-Date": STAMP,
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        **{k.replace("_", "-"): v for k, v in more.items()},
    }


def test_the_published_url():
    query, header = presigned(), headers_of("", "")
    signed = sigv4.from_query(query, header, NOW + 86399)
    text = sigv4.string_to_sign(signed, "GET", "/test.txt", list(query.items()), header)
    assert sigv4.signature(KEY, text) == signed.signature


@pytest.mark.parametrize(
    ("more", "now", "code"),
    [
        ({}, NOW + 86401, "AccessDenied"),
        ({}, NOW - 1000, "AccessDenied"),
        ({"X_Amz_Expires": "0"}, NOW, "AuthorizationQueryParametersError"),
        ({"X_Amz_Expires": "604801"}, NOW, "AuthorizationQueryParametersError"),
        ({"X_Amz_Expires": "x"}, NOW, "AuthorizationQueryParametersError"),
        ({"X_Amz_Algorithm": "AWS3"}, NOW, "AuthorizationQueryParametersError"),
        ({"X_Amz_Credential": "a/b/c"}, NOW, "AuthorizationHeaderMalformed"),
        ({"X_Amz_Date": "20139999T000000Z"}, NOW, "AuthorizationHeaderMalformed"),
        ({"X_Amz_SignedHeaders": "x-amz-date"}, NOW, "AuthorizationHeaderMalformed"),
        ({"X_Amz_Signature": "zz"}, NOW, "AuthorizationHeaderMalformed"),
    ],
)
def test_urls_that_are_refused(more, now, code):
    with pytest.raises(Error) as caught:
        sigv4.from_query(presigned(**more), headers_of("", ""), now)
    assert caught.value.s3_code == code


def test_a_request_from_another_hour_is_refused():
    header = headers_of("0" * 64, "host")
    sigv4.from_header(header, NOW + 890)
    with pytest.raises(Error) as caught:
        sigv4.from_header(header, NOW + 910)
    assert caught.value.s3_code == "RequestTimeTooSkewed"


CHUNKS = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILED = (
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
TRAILED_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILER = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def body(signatures, trailer=b""):
    pieces = [b"a" * 65536, b"a" * 1024, b""]
    out = b""
    for piece, signature in zip(pieces, signatures, strict=True):
        out += f"{len(piece):x};chunk-signature={signature}\r\n".encode() + piece
        out += b"\r\n" if piece else b""
    return out + trailer + b"\r\n"


def in_pieces(data, size):
    return (data[n : n + size] for n in range(0, len(data), size))


def chain(seed):
    return sigv4.Chain(sigv4.from_header(headers_of(seed, "host"), NOW), KEY)


@pytest.mark.parametrize("size", [7, 1000, 1 << 20])
def test_the_published_body_in_chunks(size):
    data = body(CHUNKS)
    assert len(data) == 66824
    got = b"".join(sigv4.chunked(in_pieces(data, size), chain(SEED), None))
    assert got == b"a" * 66560


def test_the_published_body_with_a_trailer():
    crc = b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    end = crc + f"x-amz-trailer-signature:{TRAILER}\r\n".encode()
    data, trailers = body(TRAILED, end), {}
    got = b"".join(sigv4.chunked(in_pieces(data, 999), chain(TRAILED_SEED), trailers))
    assert got == b"a" * 66560 and trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}
    wrong = data.replace(b"sOO8", b"sOO9")
    with pytest.raises(Error) as caught:
        list(sigv4.chunked(in_pieces(wrong, 999), chain(TRAILED_SEED), {}))
    assert caught.value.s3_code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.replace(b"aaa", b"aab", 1), "SignatureDoesNotMatch"),
        (lambda d: d[:-200], "IncompleteBody"),
        (lambda d: d[:66000], "IncompleteBody"),
        (lambda d: b"x" + d, "IncompleteBody"),
        (lambda d: b"fffffffffffffffff" + d, "IncompleteBody"),
        (lambda d: b"1" * 9000, "IncompleteBody"),
        (lambda d: b"", "IncompleteBody"),
        (lambda d: d[:-2] + b"a:b\r\n\r\n", "MalformedTrailerError"),
    ],
)
def test_bodies_that_are_refused(change, code):
    with pytest.raises(Error) as caught:
        list(sigv4.chunked(in_pieces(change(body(CHUNKS)), 1000), chain(SEED), None))
    assert caught.value.s3_code == code
