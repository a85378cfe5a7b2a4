"""`devstack/status`: every process with its port, memory and health, and what the control plane
weighs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devstack import machine, programs
from devstack.paths import Paths
from devstack.programs import CONTROL, Program
from devstack.progress import Refused, console
from devstack.supervision import Supervisor
from devstack.up import healthy

LIMIT_MIB = 660.0
"""What the control plane may weigh with one worker each, without servers, message queue and
database."""


def pss_mib(pid: int) -> float:
    "Proportional set size of a process and all its descendants, MiB (proc(5), smaps_rollup)."
    total, todo, children = 0, [pid], _children()
    while todo:
        one = todo.pop()
        todo += children.get(one, [])
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:  # it has ended
            continue
    return total / 1024


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            found.setdefault(parent, []).append(int(folder.name))
    return found


def status(paths: Paths) -> int:
    "Print the table; 0 when everything runs and is well, else 3."
    keeper = Supervisor(paths)
    if not keeper.alive():
        raise Refused("Nothing runs: devstack/up")
    states = keeper.states()
    shared = machine.shared_daemons(paths)
    wanted = [*programs.infrastructure(paths, shared), *programs.services()]
    known = [program for program in wanted if program.name in states]
    with ThreadPoolExecutor(8) as pool:
        health = list(pool.map(healthy, known))
    rows, weight, good = [], 0.0, True
    for program, trouble in zip(known, health, strict=True):
        state = states[program.name]
        pid = int(state["pid"])
        memory = pss_mib(pid) if pid else 0.0
        weight += memory if program.group == CONTROL else 0.0
        word = _word(program, str(state["statename"]), trouble)
        good = good and word in ("well", "runs")
        rows.append(
            (program.name, str(pid or "-"), str(program.port or "-"), f"{memory:.0f}", word)
        )
    _print(rows, f"Control plane: {weight:.0f} MiB of PSS (limit {LIMIT_MIB:.0f})")
    return 0 if good else 3


def _word(program: Program, state: str, trouble: str) -> str:
    if state != "RUNNING":
        return state.lower()
    if trouble:
        return trouble
    return "well" if program.health else "runs"


def _print(rows: Sequence[tuple[str, ...]], sum_line: str) -> None:
    heads = ("process", "pid", "port", "MiB", "health")
    screen = console()
    if screen is None:
        for row in [heads, *rows]:
            print(f"{row[0]:<22}{row[1]:>8}{row[2]:>7}{row[3]:>6}  {row[4]}")
        print(sum_line)
        return
    from rich.table import Table

    table = Table(*heads)
    for row in rows:
        colour = "green" if row[4] in ("well", "runs") else "red"
        table.add_row(*row[:4], f"[{colour}]{row[4]}[/]")
    screen.print(table, sum_line)
