"""What needs no account: /info, /crossdomain.xml, and the root."""

from __future__ import annotations

from typing import Any

from common.http import Api, Reply
from objectstore.api import bulk
from objectstore.api.listing import MAX_LIMIT
from objectstore.api.s3 import buckets
from objectstore.api.s3 import objects as s3_objects
from objectstore.core import Deps, links, manifests, metadata, sync
from objectstore.core.s3 import multipart

api = Api()


@api.get("/info", open=True)
def info(deps: Deps) -> dict[str, Any]:
    "What this cluster can do, and its limits; clients skip what is not named."
    return capabilities(deps)


def capabilities(deps: Deps) -> dict[str, Any]:
    "The body of /info."
    policies: list[dict[str, Any]] = [
        {"name": p.name, "aliases": p.name, "index": p.index, "copies": p.copies}
        for p in deps.policies
    ]
    policies[0]["default"] = True
    return {
        "swift": {
            "version": "2.38.0",
            "strict_cors_mode": True,
            "policies": policies,
            "allow_account_management": True,
            "account_autocreate": True,
            "max_file_size": deps.config.storage.max_object_mib << 20,
            "max_meta_name_length": metadata.MAX_NAME,
            "max_meta_value_length": metadata.MAX_VALUE,
            "max_meta_count": metadata.MAX_COUNT,
            "max_meta_overall_size": metadata.MAX_OVERALL,
            "max_header_size": metadata.MAX_HEADER,
            "max_object_name_length": metadata.MAX_OBJECT_NAME,
            "max_container_name_length": metadata.MAX_CONTAINER_NAME,
            "max_account_name_length": metadata.MAX_ACCOUNT_NAME,
            "container_listing_limit": MAX_LIMIT,
            "account_listing_limit": MAX_LIMIT,
            "extra_header_count": 0,
            "valid_api_versions": ["v1"],
        },
        **FEATURES(deps),
    }


def FEATURES(deps: Deps) -> dict[str, Any]:  # noqa: N802
    "Every feature beyond the base, by the name that clients look for."
    found: dict[str, Any] = {}
    if deps.config.s3.enabled:
        found["s3api"] = {
            "max_bucket_listing": buckets.MOST,
            "max_parts_listing": buckets.MOST,
            "max_upload_part_num": multipart.MAX_PARTS,
            "max_multi_delete_objects": s3_objects.MAX_DELETES,
            "min_segment_size": multipart.MIN_PART,
            "allow_multipart_uploads": True,
            "s3_acl": False,
        }
    return found | {
        "slo": {
            "max_manifest_segments": manifests.MAX_SEGMENTS,
            "max_manifest_size": manifests.MAX_BYTES,
            "min_segment_size": manifests.MIN_SEGMENT,
            "yield_frequency": 10,
            "allow_async_delete": False,
        },
        "dlo": {"max_segments": None},
        "formpost": {"allowed_digests": list(deps.config.tempurl.digests)},
        "staticweb": {},
        "container_sync": {"realms": sync.public(deps.realms)},
        "account_quotas": {},
        "container_quotas": {},
        "bulk_upload": {
            "max_containers_per_extraction": 10_000,
            "max_failed_extractions": bulk.MAX_FAILED,
        },
        "bulk_delete": {
            "max_deletes_per_request": bulk.MAX_DELETES,
            "max_failed_deletes": bulk.MAX_FAILED,
        },
        "tempurl": {
            "methods": list(deps.config.tempurl.methods),
            "allowed_digests": list(deps.config.tempurl.digests),
            "incoming_remove_headers": ["x-timestamp"],
            "incoming_allow_headers": [],
            "outgoing_remove_headers": ["x-object-meta-*"],
            "outgoing_allow_headers": ["x-object-meta-public-*"],
        },
        "symlink": {"symloop_max": links.MAX_HOPS, "static_links": True},
        "object_versioning": {},
        "versioned_writes": {"allowed_flags": ["x-versions-location", "x-history-location"]},
        "ratelimit": {
            "account_ratelimit": deps.config.limits.account_writes_per_s,
            "max_sleep_time_seconds": 5.0,
            "container_ratelimits": [],
            "container_listing_ratelimits": [],
        },
    }


@api.get("/crossdomain.xml", open=True)
def crossdomain(deps: Deps) -> Reply:
    "The policy for plug-ins of old browsers."
    body = (
        '<?xml version="1.0"?>\n<!DOCTYPE cross-domain-policy SYSTEM '
        '"http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >\n'
        f"<cross-domain-policy>\n{deps.config.crossdomain.policy}\n</cross-domain-policy>"
    )
    return Reply(body, 200, {"Content-Type": "application/xml"})
