"""Errors of the S3 API that the Swift API does not have, with the code that S3 clients look at.

Source: Amazon S3 API Reference, "Error responses".
"""

from __future__ import annotations

from typing import Any, ClassVar

from common.errors import BadRequest, Conflict, Error, Forbidden, NotFound, Unsupported


class S3Error(Error):
    "An error with a code of its own."

    s3_code: ClassVar[str] = "InternalError"

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        super().__init__(*arguments, **fields)
        self.more: dict[str, str] = {}
        """Elements of the answer besides those that every error has."""


class SignatureDoesNotMatch(S3Error, Forbidden):
    """The request signature we calculated does not match the signature you provided. Check your key
    and signing method."""

    s3_code = "SignatureDoesNotMatch"


class NotSigned(S3Error, Forbidden):
    "{reason}"

    s3_code = "AccessDenied"


class TimeTooSkewed(S3Error, Forbidden):
    "The difference between the request time and the current time is too large."

    s3_code = "RequestTimeTooSkewed"


class MalformedSignature(S3Error, BadRequest):
    "The authorization header is malformed: {reason}"

    s3_code = "AuthorizationHeaderMalformed"


class QueryFault(S3Error, BadRequest):
    "{reason}"

    s3_code = "AuthorizationQueryParametersError"


class InvalidRequest(S3Error, BadRequest):
    "{reason}"

    s3_code = "InvalidRequest"


class InvalidArgument(S3Error, BadRequest):
    "{reason}"

    s3_code = "InvalidArgument"


class InvalidBucketName(S3Error, BadRequest):
    "The specified bucket is not valid: {name}"

    s3_code = "InvalidBucketName"


class KeyTooLong(S3Error, BadRequest):
    "Your key is too long: at most 1024 bytes."

    s3_code = "KeyTooLongError"


class MetadataTooLarge(S3Error, BadRequest):
    "Your metadata headers exceed the maximum allowed metadata size."

    s3_code = "MetadataTooLarge"


class MalformedXml(S3Error, BadRequest):
    "The XML you provided was not well-formed or did not validate against our published schema"

    s3_code = "MalformedXML"


class InvalidTag(S3Error, BadRequest):
    "{reason}"

    s3_code = "InvalidTag"


class InvalidDigest(S3Error, BadRequest):
    "The Content-MD5 you specified was invalid."

    s3_code = "InvalidDigest"


class BadDigest(S3Error, BadRequest):
    "The {name} you specified did not match the calculated checksum."

    s3_code = "BadDigest"


class Md5Mismatch(S3Error, BadRequest):
    "The Content-MD5 you specified did not match what we received."

    s3_code = "BadDigest"


class PayloadMismatch(S3Error, BadRequest):
    "The provided 'x-amz-content-sha256' header does not match what was computed."

    s3_code = "XAmzContentSHA256Mismatch"

    def __init__(self, given: str, computed: str) -> None:
        super().__init__()
        self.more = {
            "ClientComputedContentSHA256": given,
            "S3ComputedContentSHA256": computed,
        }


class IncompleteBody(S3Error, BadRequest):
    "You did not provide the number of bytes specified by the Content-Length HTTP header"

    s3_code = "IncompleteBody"


class CutShort(S3Error, BadRequest):
    "The request body terminated unexpectedly"

    s3_code = "IncompleteBody"


class MalformedTrailer(S3Error, BadRequest):
    """The request contained trailing data that was not well-formed or did not conform to our
    published schema."""

    s3_code = "MalformedTrailerError"


class NoSuchUpload(S3Error, NotFound):
    "The specified multipart upload does not exist."

    s3_code = "NoSuchUpload"


class InvalidPart(S3Error, BadRequest):
    """One or more of the specified parts could not be found.  The part may not have been uploaded,
    or the specified entity tag may not match the part's entity tag."""

    s3_code = "InvalidPart"


class InvalidPartOrder(S3Error, BadRequest):
    "The list of parts was not in ascending order."

    s3_code = "InvalidPartOrder"


class EntityTooSmall(S3Error, BadRequest):
    "Part {number} is smaller than the minimum allowed size of 5 MiB."

    s3_code = "EntityTooSmall"


class InvalidPartNumber(S3Error):
    "The requested partnumber is not satisfiable"

    code, title = 416, "Range Not Satisfiable"
    s3_code = "InvalidPartNumber"


class NoSuchVersion(S3Error, NotFound):
    "The specified version does not exist."

    s3_code = "NoSuchVersion"


class BucketAlreadyOwnedByYou(S3Error, Conflict):
    "Your previous request to create the named bucket succeeded and you already own it."

    s3_code = "BucketAlreadyOwnedByYou"


class InvalidBucketState(S3Error, Conflict):
    "{reason}"

    s3_code = "InvalidBucketState"


class NotConfigured(S3Error, NotFound):
    "The bucket has no such configuration."

    def __init__(self, s3_code: str, message: str | None = None) -> None:
        super().__init__(message)
        self.s3_code = s3_code  # type: ignore[misc]


class NotImplementedHere(S3Error, Unsupported):
    "A header or parameter you provided implies functionality that is not implemented: {what}."

    s3_code = "NotImplemented"
