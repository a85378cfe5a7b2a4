"Filter, weigh, and explain."

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from compute.scheduler.filters import ALWAYS, FILTERS
from compute.scheduler.types import Host, Request, Settings
from compute.scheduler.weights import score


@dataclass
class Ranking:
    "Hosts that fit, best first, and why the others do not."

    hosts: list[Host] = field(default_factory=list)
    rejected: dict[str, tuple[str, str]] = field(default_factory=dict)
    """host -> (filter, reason)"""

    def sentence(self) -> str:
        "`0 of 3 hosts fit: 2 lack memory ..., 1 is disabled.` for a fault that a person reads."
        total = len(self.hosts) + len(self.rejected)
        if not total:
            return "No host has reported yet."
        counts = Counter(reason for _, reason in self.rejected.values())
        parts = [f"{n} × {reason}" if n > 1 else reason for reason, n in counts.most_common(5)]
        return f"{len(self.hosts)} of {total} host(s) fit: {'; '.join(parts)}."

    def explanation(self) -> dict[str, list[str]]:
        "For the action record: host -> [filter, reason]."
        return {host: [name, reason] for host, (name, reason) in sorted(self.rejected.items())}


def rank(request: Request, hosts: Sequence[Host], settings: Settings | None = None) -> Ranking:
    "Hosts that pass every filter, the best first; equal ones in the order they came."
    settings = settings or Settings()
    result = Ranking()
    fitting = []
    for host in hosts:
        refusal = _refusal(request, host, settings)
        if refusal:
            result.rejected[host.name] = refusal
        else:
            fitting.append(host)
    if fitting:
        weights = score(request, fitting, settings)
        result.hosts = sorted(fitting, key=lambda h: -weights[h.name])
    return result


def _refusal(request: Request, host: Host, settings: Settings) -> tuple[str, str] | None:
    for name, test in FILTERS:
        if request.skip_filters and name not in ALWAYS:
            continue
        reason = test(request, host, settings)
        if reason:
            return name, reason
    return None
