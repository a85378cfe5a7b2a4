"""Where a server goes: pure functions, (request, hosts) -> hosts in order of preference, with
reasons.

No database, no bus, no clock: what is decided depends on the arguments alone.
"""

from compute.scheduler.choose import Ranking, rank
from compute.scheduler.types import Host, Request, Settings

__all__ = ["Host", "Ranking", "Request", "Settings", "rank"]
