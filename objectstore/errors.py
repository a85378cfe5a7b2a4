"""The errors of object storage that are more than their base.

BadRequest          InvalidHeader, HeaderRefused (its reason names the header), InvalidPath,
                    BadManifest, BadArchive, UnknownPolicy, PartFault, InvalidVersion
NotFound            AccountNotFound, ContainerNotFound, ObjectNotFound, SegmentMissing
Conflict            ContainerNotEmpty, PolicyConflict, SegmentChanged, LinkLoop, LinkTargetMissing
PreconditionFailed  InvalidUrl, InvalidQuery, BadLinkTarget
RangeNotSatisfiable PartNotThere
TooLarge            ObjectTooLarge, UploadOverQuota
Unprocessable       EtagMismatch
LengthRequired      LengthMissing
"""

from common.errors import (
    BadRequest,
    Conflict,
    LengthRequired,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    TooLarge,
    Unprocessable,
)


class InvalidHeader(BadRequest):
    "{header}: {reason}"


class HeaderRefused(InvalidHeader):
    "{reason}"


class InvalidPath(BadRequest):
    "{what} name length of {length} longer than {limit}"


class InvalidUrl(PreconditionFailed):
    "Bad URL: {reason}"


class InvalidQuery(PreconditionFailed):
    "{parameter}: {reason}"


class UnknownPolicy(BadRequest):
    "Invalid X-Storage-Policy '{name}'."


class BadManifest(BadRequest):
    "Invalid SLO manifest: {reason}"


class AccountNotFound(NotFound):
    "The account was not found."


class ContainerNotFound(NotFound):
    "The container was not found."


class ObjectNotFound(NotFound):
    "The object was not found."


class ContainerNotEmpty(Conflict):
    "There was a conflict when trying to complete your request. The container is not empty."


class PolicyConflict(Conflict):
    "A container keeps its storage policy: X-Storage-Policy cannot be changed."


class SegmentFault(Conflict):
    "A segment of the large object is missing or was changed: {name}."


class InvalidVersion(BadRequest):
    "Invalid version-id parameter"


class PartFault(BadRequest):
    "Part number must be an integer greater than 0"


class PartNotThere(RangeNotSatisfiable):
    "The requested part number is not satisfiable"


class BadLinkTarget(PreconditionFailed):
    "X-Symlink-Target header must be of the form <container name>/<object name>"


class LinkLoop(Conflict):
    "Too many levels of symbolic links, maximum allowed is {limit}"


class LinkConflict(Conflict):
    "{reason}"


class ObjectTooLarge(TooLarge):
    "An object may have at most {limit} bytes; use segments for more."


class UploadOverQuota(TooLarge):
    "Upload exceeds quota."


class EtagMismatch(Unprocessable):
    "The ETag header does not match the MD5 of the received body."


class LengthMissing(LengthRequired):
    "Missing Content-Length or Transfer-Encoding header."


class BadArchive(BadRequest):
    "{reason}"
