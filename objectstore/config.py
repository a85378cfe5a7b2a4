"""Every option of object storage."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

import common.config

OPTIONS: dict[str, list[cfg.Opt]] = {
    "storage": [
        cfg.StrOpt(
            "engine", default="disks", choices=["disks", "rados"], help="Where the bytes lie."
        ),
        cfg.ListOpt(
            "policies",
            default=["standard:3", "reduced:2"],
            help="Storage policies, NAME:COPIES; the first is the default. Only append.",
        ),
        cfg.StrOpt(
            "reseller_prefix",
            default="AUTH_",
            help="What stands before the project id in an account's name.",
        ),
        cfg.IntOpt(
            "max_object_mib",
            default=5 * 1024,
            help="Largest object; larger ones are made of segments.",
        ),
        cfg.IntOpt(
            "dead_blob_s",
            default=300,
            help="Seconds between the delete of an object and that of its bytes.",
        ),
        cfg.IntOpt(
            "reclaim_age_s",
            default=3600,
            help="Age in seconds from which bytes that no row names are reclaimed.",
        ),
    ],
    "disks": [
        cfg.ListOpt(
            "devices",
            default=[],
            help="NAME=/PATH[;zone=Z][;weight=W]; weight 0 drains. Empty: d1..d4 in state_dir.",
        ),
        cfg.BoolOpt(
            "mount_check", default=False, help="Use a device only while its path is a mount point."
        ),
    ],
    "rados": [
        cfg.StrOpt("conf", default="/etc/ceph/ceph.conf", help="Ceph's configuration file."),
        cfg.StrOpt("client", default="client.altostratus", help="Ceph's user."),
        cfg.StrOpt(
            "pool",
            default="altostratus-objects",
            help="Pool of the objects; it sets the number of copies.",
        ),
    ],
    "keeper": [
        cfg.IntOpt(
            "replicate_interval_s",
            default=60,
            help="Seconds between checks that every copy is there.",
        ),
        cfg.IntOpt(
            "audit_mib_s",
            default=20,
            help="How fast copies are read to find bit rot, MiB a second.",
        ),
        cfg.IntOpt(
            "sweep_interval_s",
            default=600,
            help="Seconds between sweeps for bytes that nothing names.",
        ),
        cfg.IntOpt(
            "expire_interval_s", default=5, help="Seconds between looks for expired objects."
        ),
        cfg.IntOpt(
            "sync_interval_s", default=10, help="Seconds between runs of container synchronisation."
        ),
        cfg.PortOpt(
            "health_port", default=8081, help="Port of the keeper's /healthcheck and /metrics."
        ),
    ],
    "encryption": [
        cfg.StrOpt(
            "root_secret",
            default="",
            secret=True,
            help="Base64 of 32 bytes or more: encrypt new objects at rest. Empty: do not.",
        ),
        cfg.DictOpt(
            "old_root_secrets",
            default={},
            secret=True,
            help="Earlier secrets, ID:BASE64, for what was written with them.",
        ),
        cfg.StrOpt("root_secret_id", default="1", help="The id of root_secret."),
    ],
    "limits": [
        cfg.FloatOpt(
            "account_writes_per_s",
            default=0.0,
            help="Container PUTs and DELETEs per account; 0: no limit.",
        ),
        cfg.FloatOpt(
            "container_writes_per_s", default=0.0, help="Object writes per container; 0: no limit."
        ),
        cfg.IntOpt(
            "max_containers", default=0, help="Containers an account may have; 0: no limit."
        ),
    ],
    "tempurl": [
        cfg.ListOpt(
            "methods",
            default=["GET", "HEAD", "PUT", "POST", "DELETE"],
            help="Methods of temporary URLs.",
        ),
        cfg.ListOpt(
            "digests",
            default=["sha256", "sha512"],
            help="Digests of signatures; add sha1 for old clients.",
        ),
    ],
    "s3": [
        cfg.BoolOpt("enabled", default=True, help="Serve the S3 API on the same port."),
        cfg.StrOpt(
            "location", default="us-east-1", help="Region of buckets; any region may sign requests."
        ),
        cfg.ListOpt(
            "domains",
            default=[],
            help="Host names of the S3 API: BUCKET.DOMAIN addresses a bucket.",
        ),
        cfg.IntOpt(
            "key_remembered_s",
            default=60,
            help="Seconds for which an access key that identity has confirmed is not asked about.",
        ),
        cfg.IntOpt(
            "stale_upload_days",
            default=30,
            min=0,
            help="Days after its last part when the keeper aborts a multipart upload that nobody"
            " completed; its bytes count against quotas until then. 0: never.",
        ),
    ],
    "sync": [
        cfg.DictOpt(
            "realms", default={}, secret=True, help="Realms of container synchronisation, NAME:KEY."
        ),
        cfg.ListOpt(
            "clusters",
            default=[],
            help="Their clusters, REALM/CLUSTER=URL of the endpoint with /v1/.",
        ),
        cfg.StrOpt("current", default="", help="REALM/CLUSTER that this cluster is."),
        cfg.ListOpt(
            "allowed_hosts",
            default=["127.0.0.1"],
            help="Hosts that a plain X-Container-Sync-To may name.",
        ),
    ],
    "cors": [
        cfg.ListOpt(
            "default_origins",
            default=[],
            help="Origins allowed in every container besides its own.",
        ),
    ],
    "crossdomain": [
        cfg.StrOpt(
            "policy",
            default='<allow-access-from domain="*" secure="false" />',
            help="What stands in /crossdomain.xml.",
        ),
    ],
}


def load(**overrides: Any) -> cfg.ConfigOpts:
    "The configuration; `load(**{'storage.engine': 'rados'})` for tests."
    return common.config.load("objectstore", OPTIONS, overrides)
