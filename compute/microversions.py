"""What the API speaks. The comments are the history: what each microversion changed.

Source: the REST API version history of the Compute API.
"""

from common.http import VersionRange

RANGE = VersionRange("compute", "2.1", "2.100", "X-OpenStack-Nova-API-Version")

HISTORY = {
    "2.1": "the API as it was in v2, with strict validation",
    "2.2": "keypairs have a type; create answers 201, delete 204",
    "2.3": "more extended attributes of servers; delete_on_termination of attached volumes",
    "2.4": "reserved in os-fixed-ips",
    "2.5": "everyone may filter by ip6",
    "2.6": "remote-consoles", "2.7": "no access list on public flavors", "2.8": "mks console",
    "2.9": "locked in servers", "2.10": "keypairs of other users, for administrators",
    "2.11": "forced_down of services", "2.12": "net_id of virtual interfaces",
    "2.13": "project_id and user_id of server groups", "2.14": "evacuate without onSharedStorage",
    "2.15": "soft affinity policies", "2.16": "host_status", "2.17": "trigger_crash_dump",
    "2.18": "no project id in URLs needed", "2.19": "description of servers",
    "2.20": "volumes of shelved servers", "2.21": "migrations of deleted servers",
    "2.22": "force completion of a live migration", "2.23": "migrations of a server",
    "2.24": "abort a live migration", "2.25": "block_migration auto", "2.26": "tags",
    "2.27": "the header OpenStack-API-Version", "2.28": "cpu_info is an object",
    "2.29": "evacuate checks its host; force", "2.30": "the same for live migration",
    "2.31": "os-console-auth-tokens for every type", "2.32": "tags of devices",
    "2.33": "pages of hypervisors", "2.34": "live migration is checked after the answer",
    "2.35": "pages of keypairs", "2.36": "proxies of other services are gone",
    "2.37": "networks auto and none", "2.38": "400 for an invalid status filter",
    "2.39": "image metadata proxy gone", "2.40": "pages of usage", "2.41": "uuid of aggregates",
    "2.42": "tags of devices again", "2.43": "os-hosts gone", "2.44": "address actions gone",
    "2.45": "createImage answers image_id", "2.46": "X-OpenStack-Request-ID",
    "2.47": "flavor inside servers", "2.48": "standard diagnostics", "2.49": "tagged attachment",
    "2.50": "server_groups in quota classes", "2.51": "volume-extended; events for users",
    "2.52": "tags at create", "2.53": "uuid of services and hypervisors",
    "2.54": "key_name in rebuild", "2.55": "description of flavors", "2.56": "host for migrate",
    "2.57": "no file injection; user_data in rebuild", "2.58": "pages of instance actions",
    "2.59": "pages of migrations", "2.60": "multi-attached volumes", "2.61": "extra_specs in flavors",
    "2.62": "host of events", "2.63": "trusted image certificates", "2.64": "policy of server groups",
    "2.65": "abort a queued live migration", "2.66": "changes-before", "2.67": "volume_type",
    "2.68": "no force", "2.69": "down cells", "2.70": "tags shown", "2.71": "server_groups of a server",
    "2.72": "ports with resource requests", "2.73": "reason of a lock", "2.74": "host at create",
    "2.75": "strict queries; full answers of update and rebuild", "2.76": "power-update",
    "2.77": "zone of unshelve", "2.78": "topology", "2.79": "delete_on_termination of an attachment",
    "2.80": "user_id and project_id of migrations", "2.81": "image caching", "2.82": "accelerators",
    "2.83": "more filters for users", "2.84": "details of events",
    "2.85": "update of an attachment", "2.86": "extra specs are validated", "2.87": "rescue from volume",
    "2.88": "slim hypervisors", "2.89": "attachment_id", "2.90": "hostname",
    "2.91": "host of unshelve", "2.92": "keypairs are imported only", "2.93": "rebuild of a volume",
    "2.94": "FQDN as hostname", "2.95": "evacuated servers stay stopped",
    "2.96": "pinned_availability_zone", "2.97": "shares", "2.98": "properties of the image",
    "2.99": "spice-direct", "2.100": "scheduler_hints of servers",
}
