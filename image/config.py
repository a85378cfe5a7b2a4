"""Every option of the image service."""

from typing import Any

from oslo_config import cfg

import common.config

DISK_FORMATS = (
    "ami",
    "ari",
    "aki",
    "vhd",
    "vhdx",
    "vmdk",
    "raw",
    "qcow2",
    "vdi",
    "iso",
    "ploop",
    "luks",
    "gpt",
)
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")

OPTIONS: dict[str, list[cfg.Opt]] = {
    "image": [
        cfg.ListOpt("disk_formats", default=list(DISK_FORMATS), help="Accepted disk formats."),
        cfg.ListOpt(
            "container_formats", default=list(CONTAINER_FORMATS), help="Accepted container formats."
        ),
        cfg.IntOpt("page_default", default=25, min=1, help="Images in a list without a limit."),
        cfg.IntOpt("page_most", default=1000, min=1, help="Most images in a list."),
        cfg.StrOpt(
            "hash_algorithm",
            default="sha512",
            choices=["sha256", "sha384", "sha512"],
            help="Algorithm of os_hash_value; md5 is always kept as well.",
        ),
        cfg.IntOpt("properties_most", default=128, help="Custom properties of an image; -1: any."),
        cfg.IntOpt("tags_most", default=128, help="Tags of an image; -1: any number."),
        cfg.IntOpt("members_most", default=128, help="Members of an image; -1: any number."),
        cfg.IntOpt("size_most_gib", default=1024, min=1, help="Largest image, GiB."),
        cfg.StrOpt(
            "protections_file",
            help="Property protections: an ini file, one section for "
            "each regular expression; empty: none.",
        ),
        cfg.StrOpt(
            "accel_prefix",
            default="",
            help="Downloads from file stores answer with X-Accel-Redirect to "
            "<prefix>/<store>/..., an internal location of the nginx in front; empty: served here.",
        ),
        cfg.IntOpt(
            "sweep_interval_s",
            default=60,
            min=1,
            help="Seconds between passes that finish or undo what dead processes left.",
        ),
        cfg.IntOpt(
            "worker_lost_s",
            default=90,
            min=5,
            help="Seconds of silence after which a process on another machine counts as dead.",
        ),
    ],
    "formats": [
        cfg.StrOpt(
            "mismatch",
            default="refuse",
            choices=["refuse", "quarantine", "allow"],
            help="Data that is not what disk_format says: refused; kept but deactivated "
            "until an administrator has looked; or accepted.",
        ),
        cfg.StrOpt(
            "unsafe",
            default="refuse",
            choices=["refuse", "quarantine"],
            help="Data that would make a reader open other files: refused or deactivated.",
        ),
        cfg.StrOpt(
            "convert_to",
            default="",
            choices=["", "raw", "qcow2"],
            help="Format that imported images are converted to; empty: none.",
        ),
        cfg.IntOpt("convert_memory_mib", default=1024, help="Memory that qemu-img may use, MiB."),
        cfg.IntOpt("convert_timeout_s", default=1800, help="Seconds that qemu-img may take."),
        cfg.IntOpt(
            "convert_virtual_most_gib",
            default=100,
            help="Largest virtual size that is converted, GiB.",
        ),
    ],
    "stores": [
        cfg.ListOpt(
            "enabled",
            default=["local:file"],
            help="Stores, each `name:type`; types: file, objectstore, rbd. The options of "
            "a store stand in the section of its name.",
        ),
        cfg.StrOpt("default", help="Store for data that names none; by default the first."),
        cfg.StrOpt("staging_dir", help="Where staged data lies; by default in the state."),
    ],
    "quota": [
        cfg.StrOpt(
            "source",
            default="config",
            choices=["config", "identity"],
            help="Limits of a project: those below, or identity's unified limits.",
        ),
        cfg.IntOpt("image_size_total_mib", default=-1, help="Stored data, MiB; -1: no limit."),
        cfg.IntOpt("image_stage_total_mib", default=-1, help="Staged data, MiB; -1: no limit."),
        cfg.IntOpt("image_count_total", default=-1, help="Images; -1: no limit."),
        cfg.IntOpt("image_count_uploading", default=-1, help="Images being uploaded at once."),
        cfg.IntOpt("cache_s", default=30, help="Seconds that identity's limits are remembered."),
    ],
    "imports": [
        cfg.ListOpt(
            "methods",
            default=["glance-direct", "web-download", "copy-image", "glance-download"],
            help="Import methods offered.",
        ),
        cfg.ListOpt("allowed_schemes", default=["http", "https"], help="URI schemes accepted."),
        cfg.ListOpt("allowed_ports", default=["80", "443"], help="Ports accepted; empty: all."),
        cfg.ListOpt("allowed_hosts", default=[], help="Hosts accepted; empty: all others."),
        cfg.ListOpt("disallowed_hosts", default=[], help="Hosts refused."),
        cfg.ListOpt(
            "allowed_networks",
            default=[],
            help="Networks (CIDR) that may be reached although they are private, loopback "
            "or link-local.",
        ),
        cfg.IntOpt("timeout_s", default=30, help="Seconds without a byte that end a download."),
        cfg.IntOpt("parallel", default=2, min=1, help="Imports that one process runs at once."),
        cfg.IntOpt("task_lifetime_h", default=48, help="Hours that finished tasks are kept."),
    ],
    "cache": [
        cfg.IntOpt("limit_mib", default=0, help="Local cache of remote stores, MiB; 0: none."),
    ],
    "file": [
        cfg.BoolOpt(
            "durable",
            default=True,
            help="Flush image data to the disk before an upload is answered.",
        ),
    ],
}
"""Options by group; each store adds its own group, see `store_options`."""

_BY_TYPE: dict[str, list[cfg.Opt]] = {
    "file": [
        cfg.StrOpt("path", help="Directory of the data; by default in the state."),
    ],
    "objectstore": [
        cfg.StrOpt("container", default="images", help="Container of the data."),
        cfg.IntOpt("segment_mib", default=1024, help="Larger images are kept in segments, MiB."),
        cfg.StrOpt("account", help="Account; by default that of the service's own project."),
    ],
    "rbd": [
        cfg.StrOpt("pool", default="images", help="Pool of the data."),
        cfg.StrOpt("user", default="image", help="Ceph user, without `client.`."),
        cfg.StrOpt("conf", default="/etc/ceph/ceph.conf", help="Ceph's configuration file."),
        cfg.IntOpt("chunk_mib", default=8, help="Object size, MiB."),
    ],
}


def store_options(kind: str) -> list[cfg.Opt]:
    "Options of one store of type `kind`, in the section of its name."
    return [
        cfg.StrOpt("description", default="", help="Shown to users in /v2/info/stores."),
        cfg.IntOpt("weight", default=0, help="Copies in heavier stores are read first."),
        *_BY_TYPE[kind],
    ]


def store_kinds(conf: cfg.ConfigOpts) -> dict[str, str]:
    "Type of each enabled store by its name. Raises ValueError naming the entry that is wrong."
    kinds: dict[str, str] = {}
    for entry in conf.stores.enabled:
        name, _, kind = entry.partition(":")
        if kind not in _BY_TYPE or not name or name in _known_groups() or name in kinds:
            raise ValueError(
                f"[stores] enabled: '{entry}' is not name:type, type one of {', '.join(_BY_TYPE)}"
            )
        kinds[name] = kind
    return kinds


def load(**overrides: Any) -> cfg.ConfigOpts:
    "The configuration; `load(**{'stores.enabled': [...], 'local.path': '/x'})` in tests."
    early = {k: v for k, v in overrides.items() if k.rpartition(".")[0] in ("", *_known_groups())}
    conf = common.config.load("image", OPTIONS, early)
    for name, kind in store_kinds(conf).items():
        conf.register_opts(store_options(kind), group=name)
    for key, value in overrides.items():
        if key not in early:
            group, _, option = key.rpartition(".")
            conf.set_override(option, value, group)
    return conf


def _known_groups() -> set[str]:
    return {*OPTIONS, "DEFAULT", "api", "database", "bus", "identity", "endpoints", "policy"}
