"""Errors of the image service.

BadRequest 400              Forbidden 403             NotFound 404            Conflict 409 ├──
InvalidFilter           ├── ReadOnly              ├── ImageNotFound       ├── DuplicateImage ├──
InvalidSort             ├── Reserved              ├── MemberNotFound      ├── WrongStatus ├──
InvalidPatch            ├── NotRemovable          ├── TagNotFound         ├── NoSuchProperty ├──
UnknownStore            ├── FixedFormat           ├── TaskNotFound        ├── DuplicateMember ├──
FormatsNotSet           ├── ProtectedImage        ├── StoreNotFound       ├── StagedNothing ├──
ShortUpload             ├── NotShareable          ├── NotInStore          ├── LastCopy ├──
BadImageContent         ├── PropertyProtected     ├── NoImageData         ├── DuplicateDefinition
├── UriRefused              ├── StatusForbids         ├── NotCached           └── DefinitionInUse
└── ImportRefused           ├── InQuarantine          └── DefinitionNotFound TooLarge 413: OverLimit
                            └── ProtectedDefinition
· UnsupportedMediaType 415: WrongMediaType · Unavailable 503: StoreUnavailable
"""

from common.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)


class InvalidFilter(BadRequest):
    "Invalid value for filter {field}: '{value}'. {reason}"


class InvalidSort(BadRequest):
    "Invalid {field}: '{value}'. {reason}"


class InvalidPatch(BadRequest):
    "Invalid JSON patch: {reason}"


class UnknownStore(BadRequest):
    "Store for image data is not known: '{store}'."


class FormatsNotSet(BadRequest):
    "Properties disk_format, container_format must be set prior to saving data."


class ShortUpload(BadRequest):
    "The upload ended after {received} of {expected} bytes."


class BadImageContent(BadRequest):
    "The image data was refused: {reason}"


class UriRefused(BadRequest):
    "The URI '{uri}' may not be imported: {reason}"


class ImportRefused(BadRequest):
    "The import cannot be done: {reason}"


class ReadOnly(Forbidden):
    "Attribute '{name}' is read-only."


class Reserved(Forbidden):
    "Attribute '{name}' is reserved."


class NotRemovable(Forbidden):
    "Property {name} may not be removed."


class FixedFormat(Forbidden):
    "Attribute {name} can be only replaced for a queued image."


class ProtectedImage(Forbidden):
    "Image {image_id} is protected and cannot be deleted."


class NotShareable(Forbidden):
    "Only shared images have members."


class PropertyProtected(Forbidden):
    "Property '{name}' is protected."


class StatusForbids(Forbidden):
    "Image {image_id} is {status}: {action} is not possible."


class InQuarantine(Forbidden):
    "Image {image_id} is in quarantine: an administrator has to look at it first."


class ProtectedDefinition(Forbidden):
    "Metadata definition {kind} {name} is protected and cannot be deleted."


class ImageNotFound(NotFound):
    "No image found with ID {image_id}"


class MemberNotFound(NotFound):
    "{member} not found in the member list of the image {image_id}."


class TagNotFound(NotFound):
    "Tag {tag} not found for image {image_id}."


class TaskNotFound(NotFound):
    "No task found with ID {task_id}"


class StoreNotFound(NotFound):
    "Store {store} not found."


class NotInStore(NotFound):
    "Image {image_id} is not stored on store {store}."


class NoImageData(NotFound):
    "The data of image {image_id} cannot be found in any store."


class NotCached(NotFound):
    "Image {image_id} is neither cached nor queued for caching."


class DefinitionNotFound(NotFound):
    "Metadata definition {kind} {name} not found."


class DuplicateImage(Conflict):
    "Image ID {image_id} already exists!"


class WrongStatus(Conflict):
    "Image {image_id} is {status}: {action} needs status {wanted}."


class NoSuchProperty(Conflict):
    "Property {name} does not exist."


class DuplicateMember(Conflict):
    "{member} is already a member of image {image_id}."


class StagedNothing(Conflict):
    "Image {image_id} has no staged data."


class LastCopy(Forbidden):
    """Cannot delete image data from the only store containing it. Use DELETE /v2/images/{image_id}
    instead."""


class DuplicateDefinition(Conflict):
    "Metadata definition {kind} {name} already exists."


class DefinitionInUse(Conflict):
    "Metadata definition {kind} {name} is in use."


class OverLimit(TooLarge):
    "{what} limit exceeded: {limit} allowed, {usage} used, {asked} more asked."


class WrongMediaType(UnsupportedMediaType):
    "Content-Type {given} is not supported here; use {wanted}."


class StoreUnavailable(Unavailable):
    "Store {store} is not available: {reason}"
