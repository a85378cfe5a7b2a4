"""Weighers: a number between 0 and 1 for each host, higher is better, times the operator's
multiplier."""

from collections.abc import Callable, Sequence

from compute.scheduler.types import Host, Request, Settings

DEFAULTS = {
    "ram": 1.0,
    "cpu": 1.0,
    "disk": 1.0,
    "io_ops": 1.0,
    "servers": 0.0,
    "group": 1.0,
    "load": 0.2,
}


def _share(resource_class: str) -> Callable[[Request, Host], float]:
    def weigh(request: Request, host: Host) -> float:
        return host.free(resource_class) / max(host.capacity.get(resource_class, 0), 1)

    return weigh


def _group(request: Request, host: Host) -> float:
    here = request.group_hosts.count(host.name)
    sign = {"soft-affinity": 1, "soft-anti-affinity": -1}.get(request.group_policy or "", 0)
    return float(sign * here)


WEIGHERS: dict[str, Callable[[Request, Host], float]] = {
    "ram": _share("MEMORY_MB"),
    "cpu": _share("VCPU"),
    "disk": _share("DISK_GB"),
    "io_ops": lambda r, h: -float(h.io_ops),
    "servers": lambda r, h: -float(h.servers),
    "group": _group,
    "load": lambda r, h: -(h.load[0] if h.load else 0.0) / max(h.total.get("VCPU", 1), 1),
}
_PACKED = ("ram", "cpu", "disk")


def score(request: Request, hosts: Sequence[Host], settings: Settings) -> dict[str, float]:
    "host -> weight. Each weigher is spread over 0 to 1 first, so that multipliers compare."
    totals = {h.name: 0.0 for h in hosts}
    for name, weigh in WEIGHERS.items():
        factor = float(settings.weights.get(name, DEFAULTS[name]))
        if name in _PACKED and not settings.spread:
            factor = -factor
        values = {h.name: weigh(request, h) for h in hosts}
        low, high = min(values.values()), max(values.values())
        for host, value in values.items():
            totals[host] += factor * ((value - low) / (high - low) if high > low else 0.0)
    return totals
