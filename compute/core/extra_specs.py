"""Which extra specs mean something, and which values they take (microversion 2.86).

Names in a scope that we know must be known names; other scopes are the operator's own.
Source: Nova's reference of extra specs.
"""

import re
from collections.abc import Callable

_BOOL = re.compile(r"(?i)(true|false|yes|no|1|0|on|off)\Z")
Check = Callable[[str], str | None]


def _choice(*values: str) -> Check:
    return lambda v: None if v in values else f"It must be one of {', '.join(values)}."


def _match(pattern: str, words: str) -> Check:
    compiled = re.compile(pattern)
    return lambda v: None if compiled.fullmatch(v) else f"It must be {words}."


_number = _match(r"\d+", "a whole number")
_flag: Check = lambda v: None if _BOOL.match(v) else "It must be a boolean."  # noqa: E731
_any: Check = lambda v: None  # noqa: E731
_cpus = _match(r"\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*", "a list of CPUs such as 0-3,^2")

KNOWN: tuple[tuple[str, Check], ...] = tuple(
    (pattern, check)
    for pattern, check in (
        (r"hw:cpu_policy", _choice("dedicated", "shared", "mixed")),
        (r"hw:cpu_thread_policy", _choice("prefer", "isolate", "require")),
        (r"hw:cpu_dedicated_mask", _cpus),
        (r"hw:emulator_threads_policy", _choice("isolate", "share")),
        (r"hw:cpu_(sockets|cores|threads)", _number),
        (r"hw:cpu_max_(sockets|cores|threads)", _number),
        (r"hw:cpu_realtime", _flag),
        (r"hw:cpu_realtime_mask", _cpus),
        (r"hw:numa_nodes", _match(r"[1-9]\d*", "1 or more")),
        (r"hw:numa_cpus\.\d+", _cpus),
        (r"hw:numa_mem\.\d+", _match(r"[1-9]\d*", "MiB, 1 or more")),
        (
            r"hw:mem_page_size",
            _match(r"large|small|any|\d+([kKmMgG]i?[bB]?)?", "large, small, any, or a size"),
        ),
        (r"hw:mem_encryption(_model)?", _any),
        (r"hw:pmem", _any),
        (r"hw:pci_numa_affinity_policy", _any),
        (r"hw:boot_menu", _flag),
        (r"hw:hide_hypervisor_id", _flag),
        (r"hw:vif_multiqueue_enabled", _flag),
        (r"hw:virtio_packed_ring", _flag),
        (r"hw:locked_memory", _flag),
        (r"hw:maxphysaddr_(mode|bits)", _any),
        (r"hw:watchdog_action", _choice("none", "pause", "poweroff", "reset", "disabled")),
        (r"hw:serial_port_count", _number),
        (r"hw:tpm_model", _choice("tpm-tis", "tpm-crb")),
        (r"hw:tpm_version", _choice("1.2", "2.0")),
        (r"hw:tpm_secret_security", _any),
        (r"hw:protection", _choice("none", "restart", "replicated", "lockstep")),
        (r"hw:input_bus", _choice("usb", "virtio")),
        (r"hw:viommu_model", _any),
        (r"hw:max_(active|sriov)\w*", _any),
        (r"hw_rng:allowed", _flag),
        (r"hw_rng:rate_(bytes|period)", _number),
        (r"hw_video:ram_max_mb", _number),
        (r"os:secure_boot", _choice("required", "disabled", "optional")),
        (r"os:monitors", _number),
        (r"os:vram", _number),
        (r"os:resolution", _any),
        (r"pci_passthrough:alias", _any),
        (r"quota:\w+", _number),
        (r"powervm:\w+", _any),
        (r"trait(\d+|_\w+)?:(CUSTOM_)?[A-Z0-9_]+", _choice("required", "forbidden")),
        (r"resources(\d+|_\w+)?:(CUSTOM_)?[A-Z0-9_]+", _number),
        (r"group_policy", _choice("none", "isolate")),
        (r"accel:device_profile", _any),
    )
)
SCOPES = ("hw", "hw_rng", "hw_video", "os", "quota", "trait", "resources", "pci_passthrough")


def refusal(key: str, value: str) -> str | None:
    "Why `key = value` makes no sense, or None."
    for pattern, check in KNOWN:
        if re.fullmatch(pattern, key):
            return check(value)
    scope = key.partition(":")[0]
    if (
        ":" in key
        and re.sub(r"(\d+|_\w+)\Z", "", scope) in SCOPES
        or ":" in key
        and scope in SCOPES
    ):
        return f"There is no extra spec {key}."
    return None
