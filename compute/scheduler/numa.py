"""NUMA, pinning and huge pages: does a guest's topology fit the cells that a host reports?

A host reports cells `{"id", "cpus": [..], "memory_mib", "pages": {"2048": count, "1048576":
count}}` (page sizes in KiB) and, when the conductor has put it there, what servers already
pinned: `pinned_cpus`. Source: Nova's admin guide, "CPU topologies" and "Huge pages".
"""

from typing import Any

from compute.scheduler.types import Host, Request

_SIZES = {"small": 4, "large": 2048}


def asked(request: Request) -> dict[str, Any] | None:
    "The topology that flavor or image ask for: None when they ask for none."
    specs, image = request.extra_specs, request.image_properties
    nodes = specs.get("hw:numa_nodes") or image.get("hw_numa_nodes")
    pages = specs.get("hw:mem_page_size") or image.get("hw_mem_page_size")
    policy = specs.get("hw:cpu_policy") or image.get("hw_cpu_policy")
    if not nodes and not pages and policy != "dedicated":
        return None
    return {
        "cells": _cells(request, int(nodes or 1)),
        "page_kib": page_size(pages),
        "pinned": policy == "dedicated",
    }


def _cells(request: Request, count: int) -> list[dict[str, int]]:
    specs = request.extra_specs
    cells = []
    for i in range(count):
        cpus = specs.get(f"hw:numa_cpus.{i}")
        memory = specs.get(f"hw:numa_mem.{i}")
        share = request.vcpus // count + (1 if i < request.vcpus % count else 0)
        cells.append(
            {
                "vcpus": len(cpu_list(cpus)) if cpus else share,
                "memory_mib": int(memory) if memory else request.memory_mib // count,
            }
        )
    return cells


def page_size(text: str | None) -> int | None:
    """KiB of a page: `large`, `small`, `any` (None: whatever there is), `2MB`, `1GB`, or a number
    of KiB."""
    if not text or text == "any":
        return None
    if text in _SIZES:
        return _SIZES[text]
    number = "".join(c for c in text if c.isdigit())
    unit = text[len(number) :].strip().upper()
    return int(number or 4) * {
        "": 1,
        "KB": 1,
        "KIB": 1,
        "MB": 1024,
        "MIB": 1024,
        "GB": 1048576,
        "GIB": 1048576,
    }.get(unit, 1)


def cpu_list(text: str) -> set[int]:
    "`0-3,^2,5` as a set of numbers; what is no number is left out."
    chosen: set[int] = set()
    dropped: set[int] = set()
    for part in text.split(","):
        part = part.strip()
        into = dropped if part.startswith("^") else chosen
        low, _, high = part.lstrip("^").partition("-")
        if low.isdigit() and (high.isdigit() or not high):
            into.update(range(int(low), int(high or low) + 1))
    return chosen - dropped


def misfit(request: Request, host: Host) -> str | None:
    "Why the topology does not fit, or None."
    wish = asked(request)
    if wish is None:
        return None
    cells = [dict(c) for c in host.report.get("numa") or []]
    if not cells:
        return "reports no NUMA topology"
    if len(wish["cells"]) > len(cells):
        return f"has {len(cells)} NUMA cell(s), {len(wish['cells'])} needed"
    for cell in wish["cells"]:
        place = next((c for c in cells if _fits(cell, c, wish)), None)
        if place is None:
            return "no NUMA cell has the CPUs, memory or pages that the topology needs"
        cells.remove(place)
    return None


def _fits(cell: dict[str, int], place: dict[str, Any], wish: dict[str, Any]) -> bool:
    free = set(place.get("cpus") or ()) - set(place.get("pinned_cpus") or ())
    if cell["vcpus"] > (len(free) if wish["pinned"] else len(place.get("cpus") or ())):
        return False
    page = wish["page_kib"]
    if page and page > 4:
        pages = int((place.get("pages") or {}).get(str(page), 0))
        return pages * page >= cell["memory_mib"] * 1024
    return int(place.get("memory_mib") or 0) >= cell["memory_mib"]
