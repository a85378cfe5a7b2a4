"""The hint `query`: `["and", [">=", "$free_ram_mb", 1024], ["in", "$host", "a", "b"]]`, as text or
as JSON.

`check` refuses what cannot be understood before a server is accepted; `holds` decides for a host.
"""

import json
import operator
from collections.abc import Callable
from typing import Any

from compute.scheduler.types import Host

MAX_DEPTH, MAX_TERMS = 16, 256


class BadQuery(ValueError):
    "What is wrong with a query, in a sentence."


def _variables(host: Host) -> dict[str, Any]:
    return {
        "host": host.name,
        "node": host.node,
        "hypervisor_hostname": host.node,
        "zone": host.zone,
        "free_ram_mb": host.free("MEMORY_MB"),
        "free_disk_mb": host.free("DISK_GB") * 1024,
        "total_usable_ram_mb": host.total.get("MEMORY_MB", 0),
        "total_usable_disk_gb": host.total.get("DISK_GB", 0),
        "vcpus_total": host.total.get("VCPU", 0),
        "vcpus_used": host.used.get("VCPU", 0),
        "num_instances": host.servers,
        "num_io_ops": host.io_ops,
        "service_disabled": host.disabled,
        "hypervisor_type": host.report.get("hypervisor_type"),
        "hypervisor_version": host.report.get("hypervisor_version"),
        "load": host.load[0] if host.load else 0.0,
        "traits": sorted(host.traits),
        "numa_cells": len(host.report.get("numa") or []) or 1,
    }


NAMES = frozenset(_variables(Host("")))


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[list[Any]], bool]:
    def run(terms: list[Any]) -> bool:
        try:
            return all(test(terms[0], t) for t in terms[1:])
        except TypeError:
            return False

    return run


OPERATORS: dict[str, Callable[[list[Any]], bool]] = {
    "=": _compare(operator.eq),
    "<": _compare(operator.lt),
    ">": _compare(operator.gt),
    "<=": _compare(operator.le),
    ">=": _compare(operator.ge),
    "in": lambda t: any(t[0] in x if isinstance(x, list) else t[0] == x for x in t[1:]),
    "not": lambda t: not any(t),
    "or": lambda t: any(t),
    "and": lambda t: all(t),
}


def parse(query: Any) -> list[Any]:
    "The query as a list. Raises BadQuery."
    if isinstance(query, str):
        try:
            query = json.loads(query)
        except ValueError:
            raise BadQuery("the query is not valid JSON") from None
    if not isinstance(query, list) or not query:
        raise BadQuery("a query is a list that begins with an operator")
    return query


def check(query: Any) -> None:
    "Raise BadQuery, naming the operator or variable, for what `holds` would not understand."
    _check(parse(query), 0, [0])


def _check(term: Any, depth: int, count: list[int]) -> None:
    count[0] += 1
    if depth > MAX_DEPTH or count[0] > MAX_TERMS:
        raise BadQuery("the query is too large")
    if isinstance(term, str) and term.startswith("$"):
        name = term[1:].split(".")[0]
        if name not in NAMES and name != "aggregate":
            raise BadQuery(f"unknown variable {term}")
    if isinstance(term, list) and term:
        if not isinstance(term[0], str) or term[0] not in OPERATORS:
            raise BadQuery(f"unknown operator {term[0]!r}")
        if len(term) < 2:
            raise BadQuery(f"operator {term[0]} needs an argument")
        for part in term[1:]:
            _check(part, depth + 1, count)


def holds(query: Any, host: Host) -> bool:
    "Whether `host` meets the query; a query that makes no sense is met by no host."
    try:
        parsed = parse(query)
        check(parsed)
    except BadQuery:
        return False
    return bool(_value(parsed, _variables(host), host))


def _value(term: Any, known: dict[str, Any], host: Host) -> Any:
    if isinstance(term, list) and term:
        return OPERATORS[term[0]]([_value(t, known, host) for t in term[1:]])
    if isinstance(term, str) and term.startswith("$aggregate."):
        key = term.removeprefix("$aggregate.")
        return next((a[key] for a in host.aggregates if key in a), None)
    if isinstance(term, str) and term.startswith("$"):
        return known.get(term[1:])
    return term
