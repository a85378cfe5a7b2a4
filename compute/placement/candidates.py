"""Allocation candidates: sets of providers of one tree that together can give what is asked for.

Source: the Placement API reference and its guide "Modeling with provider trees" (granular
groups, `group_policy`, `in_tree`, `member_of`, `required` with `in:` and `!`).
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from common.errors import BadRequest
from compute.store import placement
from compute.store.models import Inventory, Provider

_SUFFIX = r"([a-zA-Z0-9_-]{1,64})?"
_KEY = re.compile(rf"(resources|required|member_of|in_tree){_SUFFIX}\Z")


@dataclass
class Group:
    "One group of a request: suffix '' may be spread over a tree, another comes from one provider."

    suffix: str
    resources: dict[str, int] = field(default_factory=dict)
    required: list[set[str]] = field(default_factory=list)
    """Each: at least one of these traits."""
    forbidden: set[str] = field(default_factory=set)
    member_of: list[set[str]] = field(default_factory=list)
    not_member_of: set[str] = field(default_factory=set)
    in_tree: str | None = None


@dataclass
class Universe:
    "All providers with what they have, loaded at once."

    providers: dict[int, Provider]
    inventories: Mapping[int, Mapping[str, Inventory]]
    traits: Mapping[int, set[str]]
    aggregates: Mapping[int, set[str]]

    @classmethod
    def load(cls, session: Any) -> "Universe":
        "From the store."
        return cls(
            {p.id: p for p in placement.providers(session)},
            placement.inventories(session),
            placement.traits_of(session),
            placement.aggregates_of(session),
        )

    def tree(self, root_id: int | None) -> list[Provider]:
        "Providers of a tree."
        return [p for p in self.providers.values() if p.root_id == root_id]


def parse_resources(text: str) -> dict[str, int]:
    "`VCPU:2,MEMORY_MB:512`. Raises BadRequest."
    out: dict[str, int] = {}
    for part in text.split(","):
        name, _, amount = part.partition(":")
        if not re.fullmatch("[A-Z0-9_]+", name) or not amount.isdigit() or not int(amount):
            raise BadRequest(
                f"Badly formed resources parameter. Expected resources query string parameter in "
                f"form: "
                f"?resources=VCPU:2,MEMORY_MB:1024. Got: {text}."
            )
        out[name] = int(amount)
    return out


def parse_traits(texts: Sequence[str]) -> tuple[list[set[str]], set[str]]:
    "(each: one of these, none of these) of `required` parameters."
    wanted: list[set[str]] = []
    forbidden: set[str] = set()
    for text in texts:
        if text.startswith("in:"):
            wanted.append({t for t in text[3:].split(",") if t})
            continue
        for name in text.split(","):
            if not re.fullmatch("!?[A-Z0-9_]+", name):
                raise BadRequest(
                    f"Invalid query string parameters: Expected 'required' parameter value of "
                    f"the form: "
                    f"HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got: {text}"
                )
            if name.startswith("!"):
                forbidden.add(name[1:])
            else:
                wanted.append({name})
    both = forbidden & {t for s in wanted if len(s) == 1 for t in s}
    if both:
        raise BadRequest(
            f"Conflicting required and forbidden traits found: {', '.join(sorted(both))}"
        )
    return wanted, forbidden


def parse_members(texts: Sequence[str]) -> tuple[list[set[str]], set[str]]:
    "The same for `member_of`."
    wanted: list[set[str]] = []
    forbidden: set[str] = set()
    for text in texts:
        negative, body = text.startswith("!"), text.lstrip("!")
        names = set(body[3:].split(",")) if body.startswith("in:") else {body}
        if any(not re.fullmatch(r"[0-9a-fA-F-]{32,36}", n) for n in names):
            raise BadRequest(
                f"Invalid query string parameters: Expected 'member_of' parameter to contain "
                f"valid UUID(s). "
                f"Got: {text}"
            )
        if negative:
            forbidden |= names
        else:
            wanted.append(names)
    return wanted, forbidden


def parse(args: MultiDict[str, str]) -> dict[str, Group]:
    "Groups of a query by suffix. Raises BadRequest."
    groups: dict[str, Group] = {}
    for key in args:
        match = _KEY.fullmatch(key)
        if not match or key in ("group_policy", "limit", "root_required", "same_subtree"):
            continue
        suffix = match[2] or ""
        group = groups.setdefault(suffix, Group(suffix))
        if match[1] == "resources":
            group.resources = parse_resources(args[key])
        elif match[1] == "required":
            group.required, group.forbidden = parse_traits(args.getlist(key))
        elif match[1] == "member_of":
            group.member_of, group.not_member_of = parse_members(args.getlist(key))
        else:
            group.in_tree = args[key]
    if not any(g.resources for g in groups.values()):
        raise BadRequest("At least one request group must have `resources`.")
    return groups


def find(
    universe: Universe,
    groups: Mapping[str, Group],
    *,
    isolate: bool = False,
    root_required: tuple[list[set[str]], set[str]] | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Candidates, each {"allocations": {provider id: {class: amount}}, "mappings": {suffix:
    [provider id]}}."""
    out: list[dict[str, Any]] = []
    for root_id in sorted({p.root_id for p in universe.providers.values() if p.root_id}):
        root = universe.providers[root_id]
        if root_required and not _has_traits(universe, root.id, *root_required):
            continue
        for candidate in _in_tree(universe, universe.tree(root_id), groups, isolate):
            out.append(candidate)
            if limit is not None and len(out) >= limit:
                return out
    return out


def _in_tree(
    universe: Universe, tree: Sequence[Provider], groups: Mapping[str, Group], isolate: bool
) -> Any:
    choices = []
    for group in groups.values():
        found = list(_group_choices(universe, tree, group))
        if not found:
            return
        choices.append([(group.suffix, one) for one in found])
    for combination in itertools.islice(itertools.product(*choices), 1000):
        candidate = _combine(universe, groups, combination, isolate)
        if candidate is not None:
            yield candidate


def _group_choices(universe: Universe, tree: Sequence[Provider], group: Group) -> Any:
    "Ways in which a tree can give what one group asks for: {class: provider id}."
    if group.in_tree and all(p.uuid != group.in_tree for p in tree):
        return
    fitting = [p for p in tree if member(universe, p.id, group)]
    if group.suffix:
        for one in fitting:
            if _has_traits(universe, one.id, group.required, group.forbidden) and all(
                _has_room(universe, one.id, rc, n) for rc, n in group.resources.items()
            ):
                yield dict.fromkeys(group.resources, one.id) or {"": one.id}
        return
    per_class = [
        [p.id for p in fitting if _has_room(universe, p.id, rc, n)]
        for rc, n in group.resources.items()
    ]
    for ids in itertools.islice(itertools.product(*per_class), 1000):
        traits = set().union(*(universe.traits.get(i, set()) for i in ids)) if ids else set()
        if all(s & traits for s in group.required) and not (group.forbidden & traits):
            yield dict(zip(group.resources, ids, strict=True))


def _combine(
    universe: Universe,
    groups: Mapping[str, Group],
    combination: Sequence[tuple[str, dict[str, int]]],
    isolate: bool,
) -> dict[str, Any] | None:
    """One candidate of a choice for each group, None where together they are too much for a
    provider."""
    total: dict[int, dict[str, int]] = {}
    mappings: dict[str, list[int]] = {}
    granular: list[int] = []
    for suffix, choice in combination:
        mappings[suffix] = sorted(set(choice.values()))
        granular += mappings[suffix] if suffix else []
        for name, provider_id in choice.items():
            if name:
                amounts = total.setdefault(provider_id, {})
                amounts[name] = amounts.get(name, 0) + groups[suffix].resources[name]
    if isolate and len(granular) != len(set(granular)):
        return None
    fits = all(
        _has_room(universe, p, rc, n) for p, amounts in total.items() for rc, n in amounts.items()
    )
    return {"allocations": total, "mappings": mappings} if fits else None


def _has_room(universe: Universe, provider_id: int, name: str, amount: int) -> bool:
    row = universe.inventories.get(provider_id, {}).get(name)
    return (
        row is not None
        and row.used + amount <= row.capacity
        and row.min_unit <= amount <= row.max_unit
        and amount % row.step_size == 0
    )


def _has_traits(
    universe: Universe, provider_id: int, required: Sequence[set[str]], forbidden: set[str]
) -> bool:
    traits = universe.traits.get(provider_id, set())
    return all(s & traits for s in required) and not forbidden & traits


def member(universe: Universe, provider_id: int, group: Group) -> bool:
    "Whether a provider is in the aggregates that a group asks for."
    own = universe.aggregates.get(provider_id, set())
    # membership of the root counts for the whole tree
    root = universe.providers[provider_id].root_id
    own = own | universe.aggregates.get(root or 0, set())
    return all(s & own for s in group.member_of) and not group.not_member_of & own


def room(universe: Universe, provider_id: int, group: Group) -> bool:
    "Whether one provider alone has the traits and the room that a group asks for."
    return _has_traits(universe, provider_id, group.required, group.forbidden) and all(
        _has_room(universe, provider_id, rc, n) for rc, n in group.resources.items()
    )
