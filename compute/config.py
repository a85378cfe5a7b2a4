"Every option of compute; none has to be written for a cloud of one machine."

from typing import Any

from oslo_config import cfg

import common.config

QUOTA_DEFAULTS = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "injected_files": 5,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}

OPTIONS: dict[str, list[cfg.Opt]] = {
    "quota": [
        cfg.IntOpt(name, default=value, min=-1, help=f"Default limit of {name}; -1 is none.")
        for name, value in QUOTA_DEFAULTS.items()
    ],
    "compute": [
        cfg.StrOpt(
            "default_availability_zone",
            default="nova",
            help="Zone of hosts that are in no aggregate with a zone.",
        ),
        cfg.StrOpt("default_schedule_zone", help="Zone of servers that ask for none."),
        cfg.IntOpt("max_limit", default=1000, min=1, help="Most items in one answer of a list."),
        cfg.IntOpt(
            "host_down_s",
            default=180,
            help="A host that has not reported for so long is down, seconds. Less than twice the "
            "agents' report_interval_s calls hosts down that live.",
        ),
        cfg.IntOpt(
            "reclaim_after_s",
            default=0,
            help="Deleted servers can be restored for so long, seconds; 0 deletes at once.",
        ),
        cfg.IntOpt(
            "purge_after_days",
            default=30,
            help="Rows of deleted servers go after so many days; 0 keeps them.",
        ),
        cfg.IntOpt(
            "shelved_offload_after_s",
            default=0,
            help="A shelved server leaves its host after so long, seconds; -1 never.",
        ),
        cfg.IntOpt(
            "confirm_resize_after_s",
            default=0,
            help="A resize confirms itself after so long, seconds; 0 waits for the user.",
        ),
        cfg.IntOpt(
            "action_timeout_s",
            default=3600,
            help="Longest that one job may wait for a node, seconds.",
        ),
        cfg.IntOpt(
            "build_attempts", default=3, min=1, help="Hosts that a build tries before it fails."
        ),
        cfg.IntOpt("max_volumes_per_server", default=26, help="Most block devices of a server."),
        cfg.BoolOpt(
            "allow_resize_to_same_host", default=True, help="Whether a resize may stay on its host."
        ),
        cfg.IntOpt(
            "password_length", default=12, min=8, help="Characters of a generated password."
        ),
    ],
    "scheduler": [
        cfg.FloatOpt(
            "cpu_allocation_ratio", default=4.0, help="Virtual CPUs sold for each physical one."
        ),
        cfg.FloatOpt(
            "ram_allocation_ratio", default=1.0, help="Memory sold for each byte there is."
        ),
        cfg.FloatOpt(
            "disk_allocation_ratio", default=1.0, help="Disk sold for each byte there is."
        ),
        cfg.IntOpt(
            "reserved_memory_mib", default=512, help="Memory of a host kept for itself, MiB."
        ),
        cfg.IntOpt(
            "max_io_ops_per_host",
            default=0,
            help="Builds, snapshots and moves at once on a host; 0: any number, as they wait "
            "their turn there, and the busier of two hosts is the second choice anyway.",
        ),
        cfg.IntOpt(
            "max_servers_per_host", default=0, help="Most servers on a host; 0 is no limit."
        ),
        cfg.ListOpt("isolated_images", default=[], help="Images that run on isolated hosts only."),
        cfg.ListOpt("isolated_hosts", default=[], help="Hosts for isolated images only."),
        cfg.DictOpt("weights", default={}, help="Multipliers of the weighers: ram:1.0,cpu:1.0,..."),
        cfg.BoolOpt(
            "spread", default=True, help="Prefer the emptiest host; otherwise the fullest."
        ),
    ],
    "metadata": [
        cfg.StrOpt("bind_host", default="127.0.0.1", help="Address of the metadata service."),
        cfg.PortOpt("bind_port", default=8775, help="Port of the metadata service."),
        cfg.StrOpt(
            "secret",
            default="",
            secret=True,
            help="Shared with the network's metadata agents: they sign the server's id with it.",
        ),
        cfg.IntOpt(
            "threads", default=4, min=1, help="Requests that the metadata service serves at once."
        ),
        cfg.StrOpt("vendor_data_file", help="JSON file served as vendor_data.json."),
        cfg.StrOpt("dhcp_domain", default="", help="Appended to host names in the metadata."),
        cfg.IntOpt(
            "cache_s", default=15, help="How long the metadata of a server is kept, seconds."
        ),
    ],
    "console": [
        cfg.StrOpt(
            "base_url",
            default="http://127.0.0.1:6080",
            help="URL of the console proxy, for browsers.",
        ),
        cfg.IntOpt(
            "token_ttl_s", default=600, help="How long a console token may be used, seconds."
        ),
    ],
    "notifications": [
        cfg.BoolOpt("enabled", default=False, help="Send compute.instance.* notifications."),
    ],
    "conductor": [
        cfg.PortOpt(
            "metrics_port", default=0, help="Port of /healthcheck and /metrics; 0 is none."
        ),
        cfg.IntOpt("threads", default=8, help="Jobs that one conductor drives at once."),
        cfg.IntOpt(
            "reconcile_s", default=60, help="How often unfinished work is looked at, seconds."
        ),
        cfg.IntOpt(
            "purge_s",
            default=3600,
            help="How often what nobody needs any more is purged, seconds; snapshots without data "
            "that nothing uploads to go at this age.",
        ),
        cfg.IntOpt(
            "lease_s",
            default=120,
            help="After so long another conductor takes over a job, seconds.",
        ),
        cfg.IntOpt(
            "resend_s",
            default=45,
            help="An order that a node is not busy with is sent again, seconds.",
        ),
    ],
}


def load(**overrides: Any) -> cfg.ConfigOpts:
    'The configuration; `load(**{"database.url": "sqlite:///x"})` overrides.'
    return common.config.load("compute", OPTIONS, overrides)
