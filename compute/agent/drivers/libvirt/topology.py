"""Which guest processors lie in which guest NUMA cell, and on which host processors and pages
they run.

Pure functions over plain data: the scheduler's accounting and the XML come from the same numbers,
and they are right also where the machine at hand has one cell and no huge pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt.wishes import BadWish, Wishes, cpu_set, whole

_UNITS = {"": 1, "KB": 1, "KIB": 1, "MB": 1024, "MIB": 1024, "GB": 1024**2, "GIB": 1024**2}


class NoRoom(NodeError):
    "This host has no room for the wished processors or pages: {why}"


@dataclass
class Cell:
    "One NUMA cell, of a guest or of the host. Memory in MiB, pages in KiB."

    id: int
    cpus: list[int]
    memory_mib: int
    pages: dict[int, int] = field(default_factory=dict)
    """Host: page size -> free pages."""
    siblings: list[list[int]] = field(default_factory=list)
    host_cell: int | None = None
    page_kib: int = 0


@dataclass
class Topology:
    "The answer: guest cells, and vCPU -> host processor for those that are pinned."

    cells: list[Cell]
    pins: dict[int, int] = field(default_factory=dict)
    emulator: list[int] = field(default_factory=list)
    dedicated: list[int] = field(default_factory=list)


def page_size(wishes: Wishes) -> int | str:
    "KiB of `hw:mem_page_size`; `large`, `any` and `small` as words; 0 for no wish. Raises BadWish."
    value = wishes.hw("mem_page_size").strip()
    if not value or value in {"small", "large", "any"}:
        return value or 0
    digits = "".join(c for c in value if c.isdigit())
    unit = value[len(digits) :].strip().upper()
    if not digits or unit not in _UNITS:
        raise BadWish(
            name="hw:mem_page_size", value=value, why="it is neither a size nor small, large or any"
        )
    return int(digits) * _UNITS[unit]


def guest_cells(wishes: Wishes, vcpus: int, memory_mib: int) -> list[Cell]:
    """The cells that the guest sees: `hw:numa_nodes`, with `hw:numa_cpus.N` and `hw:numa_mem.N`
    or even shares. An empty list when neither cells nor pages nor pinning are wished for. Raises
    BadWish."""
    count = wishes.number("numa_nodes")
    if not count:
        if not (page_size(wishes) or dedicated_vcpus(wishes, vcpus)):
            return []
        count = 1
    if count < 1 or count > vcpus:
        raise BadWish(name="hw:numa_nodes", value=count, why=f"the server has {vcpus} vCPUs")
    given = [wishes.hw(f"numa_cpus.{n}") for n in range(count)]
    if any(given):
        return _asymmetric(wishes, given, vcpus, memory_mib)
    if vcpus % count or memory_mib % count:
        raise BadWish(
            name="hw:numa_nodes", value=count, why="vCPUs and memory do not divide evenly by it"
        )
    share = vcpus // count
    return [
        Cell(n, list(range(n * share, (n + 1) * share)), memory_mib // count) for n in range(count)
    ]


def _asymmetric(wishes: Wishes, given: list[str], vcpus: int, memory_mib: int) -> list[Cell]:
    cells = []
    for n, text in enumerate(given):
        memory = whole(f"hw:numa_mem.{n}", wishes.hw(f"numa_mem.{n}"), 0)
        if not text or not memory:
            raise BadWish(
                name=f"hw:numa_cpus.{n}", value=text, why="every cell needs numa_cpus and numa_mem"
            )
        cells.append(Cell(n, cpu_set(text), memory))
    seen = sorted(c for cell in cells for c in cell.cpus)
    if seen != list(range(vcpus)):
        raise BadWish(
            name="hw:numa_cpus",
            value=",".join(given),
            why=f"together they are not the vCPUs 0-{vcpus - 1}",
        )
    if sum(c.memory_mib for c in cells) != memory_mib:
        raise BadWish(
            name="hw:numa_mem",
            value=sum(c.memory_mib for c in cells),
            why=f"together it is not the memory of the flavor, {memory_mib} MiB",
        )
    return cells


def dedicated_vcpus(wishes: Wishes, vcpus: int) -> list[int]:
    "The vCPUs that get a host processor of their own. Raises BadWish."
    policy = wishes.hw("cpu_policy", "shared")
    if policy == "dedicated":
        return list(range(vcpus))
    if policy == "shared":
        return []
    if policy != "mixed":
        raise BadWish(
            name="hw:cpu_policy", value=policy, why="it is not shared, dedicated or mixed"
        )
    mask = wishes.hw("cpu_dedicated_mask")
    if not mask:
        raise BadWish(name="hw:cpu_policy", value=policy, why="hw:cpu_dedicated_mask is missing")
    every = list(range(vcpus))
    chosen = (
        [v for v in every if v not in cpu_set(mask[1:])] if mask.startswith("^") else cpu_set(mask)
    )
    if not chosen or chosen[-1] >= vcpus or len(chosen) == vcpus:
        raise BadWish(
            name="hw:cpu_dedicated_mask",
            value=mask,
            why=f"it must name some but not all of 0-{vcpus - 1}",
        )
    return chosen


def fit(
    wishes: Wishes,
    vcpus: int,
    memory_mib: int,
    host: Iterable[Cell],
    allowed: Iterable[int],
    taken: Iterable[int],
) -> Topology | None:
    """Place the guest on `host`. `allowed` are the processors for pinning, `taken` those that
    other servers are pinned to. None when the guest wishes for nothing of this kind. Raises
    BadWish or NoRoom."""
    cells = guest_cells(wishes, vcpus, memory_mib)
    if not cells:
        return None
    pinned = dedicated_vcpus(wishes, vcpus)
    free = {
        c.id: _order(c, set(allowed) - set(taken), wishes.hw("cpu_thread_policy")) for c in host
    }
    by_id = {c.id: c for c in host}
    result = Topology(cells, dedicated=pinned)
    explicit = wishes.number("numa_nodes") > 0
    for cell in cells:
        wanted = [v for v in cell.cpus if v in pinned]
        choice = _choose(cell, wanted, page_size(wishes), by_id, free, {c.host_cell for c in cells})
        if choice is None and not explicit and not wanted and not page_size(wishes):
            continue
        if choice is None:
            raise NoRoom(
                why=f"guest cell {cell.id} needs {len(wanted)} free dedicated processors and "
                f"{cell.memory_mib} MiB of the wished pages in one host cell"
            )
        cell.host_cell, cell.page_kib = choice
        for vcpu in wanted:
            result.pins[vcpu] = free[cell.host_cell].pop(0)
    if wishes.hw("emulator_threads_policy") == "isolate" and pinned:
        result.emulator = [_take_one(free)]
    return result


def _order(cell: Cell, usable: set[int], policy: str) -> list[int]:
    if policy not in {"", "prefer", "require", "isolate"}:
        raise BadWish(
            name="hw:cpu_thread_policy", value=policy, why="it is not prefer, require or isolate"
        )
    groups = cell.siblings or [[c] for c in cell.cpus]
    whole_cores = [[c for c in g if c in usable] for g in groups]
    if policy == "isolate":
        return [
            g[0] for g, full in zip(whole_cores, groups, strict=True) if g and len(g) == len(full)
        ]
    if policy == "require":
        whole_cores = [g for g in whole_cores if len(g) > 1]
    return [c for g in sorted(whole_cores, key=len, reverse=True) for c in g]


def _choose(
    cell: Cell,
    wanted: list[int],
    size: int | str,
    host: dict[int, Cell],
    free: dict[int, list[int]],
    used: set[int | None],
) -> tuple[int, int] | None:
    for host_cell in sorted(host.values(), key=lambda c: (c.id in used, c.id)):
        page = _page_of(host_cell, cell.memory_mib, size)
        if (
            len(free[host_cell.id]) >= len(wanted)
            and host_cell.memory_mib >= cell.memory_mib
            and page is not None
        ):
            return host_cell.id, page
    return None


def _page_of(host: Cell, memory_mib: int, size: int | str) -> int | None:
    "The page size (KiB, 0 for ordinary pages) that serves `memory_mib`, or None."
    if size in (0, "small"):
        return 0
    big = [p for p in sorted(host.pages, reverse=True) if p > 4]
    sizes = big if size in ("large", "any") else [p for p in big if p == size]
    for page in sizes:
        if memory_mib * 1024 % page == 0 and host.pages[page] * page >= memory_mib * 1024:
            return page
    return 0 if size == "any" or size == 4 else None


def _take_one(free: dict[int, list[int]]) -> int:
    for cpus in free.values():
        if cpus:
            return cpus.pop(0)
    raise NoRoom(why="no dedicated processor is left for the emulator threads")


def host_cells(capabilities: dict[str, Any]) -> list[Cell]:
    "Host cells out of what `host.numa_cells` read from libvirt."
    return [
        Cell(
            c["id"],
            c["cpus"],
            c["memory_mib"],
            {int(k): v for k, v in c["pages"].items()},
            c["siblings"],
        )
        for c in capabilities.get("cells", [])
    ]
