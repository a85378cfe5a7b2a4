"""What a bucket is set to: versioning, tags, access; and honest answers about what it cannot be."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.api.request import Answer
from objectstore.api.s3 import xml
from objectstore.api.s3.buckets import XML, canned_acl, open_bucket, owner_of
from objectstore.api.s3.objects import found
from objectstore.api.s3.request import S3Request
from objectstore.core import containers
from objectstore.core.access import parse_acl
from objectstore.core.containers import Settings
from objectstore.core.s3.errors import (
    InvalidBucketState,
    MalformedXml,
    NotConfigured,
    NotImplementedHere,
)
from objectstore.views import s3 as views

ABSENT = {
    "policy": "NoSuchBucketPolicy",
    "policyStatus": "NoSuchBucketPolicy",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "cors": "NoSuchCORSConfiguration",
    "website": "NoSuchWebsiteConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
    "encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "object-lock": "ObjectLockConfigurationNotFoundError",
    "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
    "ownershipControls": "OwnershipControlsNotFoundError",
}
"""Configurations that no bucket has here, and what S3 says of a bucket without."""
_TOLD = {
    "ObjectLockConfigurationNotFoundError": "Object Lock configuration does not exist for this "
    "bucket",
}


def absent(code: str) -> Callable[[S3Request], Answer]:
    "A handler for a configuration that no bucket has."

    def get(req: S3Request) -> Answer:
        open_bucket(req, "list")
        raise NotConfigured(code, _TOLD.get(code))

    return get


def empty(name: str) -> Callable[[S3Request], Answer]:
    "A handler for a configuration that is always off."

    def get(req: S3Request) -> Answer:
        open_bucket(req, "list")
        return Answer(200, [XML], views.document(name))

    return get


def location(req: S3Request) -> Answer:
    "GetBucketLocation: us-east-1 is the empty one."
    open_bucket(req, "list")
    where = req.deps.config.s3.location
    return Answer(
        200, [XML], views.document("LocationConstraint", "" if where == "us-east-1" else where)
    )


def payer(req: S3Request) -> Answer:
    "GetBucketRequestPayment."
    open_bucket(req, "list")
    payment = views.document("RequestPaymentConfiguration", views.text("Payer", "BucketOwner"))
    return Answer(200, [XML], payment)


def get_versioning(req: S3Request) -> Answer:
    "GetBucketVersioning: nothing where it was never on."
    state = open_bucket(req, "list").sysmeta.get("versioning")
    inside = []
    if state is not None:
        inside.append(views.text("Status", "Enabled" if state else "Suspended"))
    return Answer(200, [XML], views.document("VersioningConfiguration", *inside))


def put_versioning(req: S3Request) -> Answer:
    "PutBucketVersioning."
    container = open_bucket(req, "own")
    status = xml.text(xml.parse(req.document(), "VersioningConfiguration"), "Status", "")
    if status not in ("Enabled", "Suspended"):
        raise MalformedXml()
    if container.sysmeta.get("versions_location"):
        raise InvalidBucketState(reason="The container keeps its versions in another one")
    settings = Settings(sysmeta={"versioning": status == "Enabled"})
    containers.post(req.deps, req.account, req.container, settings)
    return Answer(200)


def _is_public(container: containers.Container) -> bool:
    return "*" in parse_acl(container.sysmeta.get("read", ""))[0]


def get_acl(req: S3Request) -> Answer:
    "GetBucketAcl."
    container = open_bucket(req, "own")
    return Answer(200, [XML], views.policy(owner_of(req), _is_public(container)))


def put_acl(req: S3Request) -> Answer:
    "PutBucketAcl, with a canned ACL."
    open_bucket(req, "own")
    acl = canned_acl(req)
    if not acl:
        raise NotImplementedHere(what="access control lists other than canned ones")
    containers.post(req.deps, req.account, req.container, Settings(sysmeta=acl))
    return Answer(200)


def get_object_acl(req: S3Request) -> Answer:
    "GetObjectAcl: that of its bucket."
    found(req, "read")
    container = open_bucket(req, "own")
    return Answer(200, [XML], views.policy(owner_of(req), _is_public(container)))


def put_object_acl(req: S3Request) -> Answer:
    "PutObjectAcl: objects have their bucket's, so only that they keep it."
    found(req, "write")
    if req.header("x-amz-acl") not in ("private", "bucket-owner-full-control"):
        raise NotImplementedHere(what="access control lists of single objects")
    return Answer(200)


def get_tags(req: S3Request) -> Answer:
    "GetBucketTagging."
    tags = open_bucket(req, "list").sysmeta.get("s3_tags")
    if not tags:
        raise NotConfigured("NoSuchTagSet")
    return Answer(200, [XML], views.tagging(tags))


def put_tags(req: S3Request) -> Answer:
    "PutBucketTagging."
    open_bucket(req, "own")
    settings = Settings(sysmeta={"s3_tags": xml.tags(req.document()) or ""})
    containers.post(req.deps, req.account, req.container, settings)
    return Answer(204)


def delete_tags(req: S3Request) -> Answer:
    "DeleteBucketTagging."
    open_bucket(req, "own")
    containers.post(req.deps, req.account, req.container, Settings(sysmeta={"s3_tags": ""}))
    return Answer(204)
