"""The mapping engine: from what an identity provider asserts to a user, groups and projects.

A rule applies when every one of its `remote` conditions holds. Conditions that only name an
attribute, or pick from its values (whitelist, blacklist), give the values that `{0}`, `{1}` in its
`local` part stand for, in their order. What all applying rules say is taken together; the user is
the first that is named.
Source: Keystone documentation, "Mapping Combinations for Federation".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from identity.errors import AuthRefused

Assertion = Mapping[str, Sequence[str]]
"""Attribute to its values."""
_PLACE = re.compile(r"\{(\d{1,3})\}")


@dataclass
class Mapped:
    "What the rules make of an assertion. Groups by id, or by (name, domain)."

    user: dict[str, Any] = field(default_factory=dict)
    group_ids: list[str] = field(default_factory=list)
    groups: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    projects: list[dict[str, Any]] = field(default_factory=list)


def evaluate(rules: Sequence[dict[str, Any]], assertion: Assertion) -> Mapped:
    "Apply the rules. Raises AuthRefused when none applies or one cannot be filled in."
    found, applied = Mapped(), False
    for rule in rules:
        values = _values(rule["remote"], assertion)
        if values is None:
            continue
        applied = True
        for local in rule["local"]:
            _add(found, local, values)
    if not applied:
        raise AuthRefused("no rule of the mapping applies")
    return found


def _values(remote: Sequence[dict[str, Any]], assertion: Assertion) -> list[list[str]] | None:
    "The values for the places of a rule; None when it does not apply."
    found: list[list[str]] = []
    for condition in remote:
        values = list(assertion.get(condition["type"], ()))
        if not values:
            return None
        is_regex = condition.get("regex", False)
        if "any_one_of" in condition:
            if not _among(values, condition["any_one_of"], is_regex):
                return None
        elif "not_any_of" in condition:
            if _among(values, condition["not_any_of"], is_regex):
                return None
        else:
            if "blacklist" in condition:
                hit = _among(values, condition["blacklist"], is_regex)
                values = [value for value in values if value not in hit]
            if "whitelist" in condition:
                values = _among(values, condition["whitelist"], is_regex)
            found.append(values)
    return found


def _among(values: Sequence[str], wanted: Sequence[str], is_regex: bool) -> list[str]:
    "Those of `values` that are wanted."
    if not is_regex:
        return [value for value in values if value in wanted]
    return [value for value in values if any(_matches(pattern, value) for pattern in wanted)]


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return False


def _text(template: str, values: list[list[str]]) -> str:
    "A template filled in; several values become one text with semicolons."

    def fill(match: re.Match[str]) -> str:
        return ";".join(_at(values, int(match[1])))

    return _PLACE.sub(fill, template)


def _at(values: list[list[str]], index: int) -> list[str]:
    if index >= len(values):
        raise AuthRefused(f"the mapping has no value for {{{index}}}")
    return values[index]


def _list(template: str, values: list[list[str]]) -> list[str]:
    "A template for several: a place alone stands for all its values."
    whole = _PLACE.fullmatch(template)
    if whole is not None:
        return list(_at(values, int(whole[1])))
    return [part.strip() for part in _text(template, values).split(";") if part.strip()]


def _filled(item: Any, values: list[list[str]]) -> Any:
    if isinstance(item, str):
        return _text(item, values)
    if isinstance(item, dict):
        return {key: _filled(value, values) for key, value in item.items()}
    if isinstance(item, list):
        return [_filled(value, values) for value in item]
    return item


def _add(found: Mapped, local: dict[str, Any], values: list[list[str]]) -> None:
    if "user" in local and not found.user:
        found.user = _filled(local["user"], values)
        if "domain" in local:
            found.user.setdefault("domain", local["domain"])
    if "group" in local:
        group = _filled(local["group"], values)
        if "id" in group:
            found.group_ids.append(group["id"])
        elif "name" in group:
            found.groups.append((group["name"], group.get("domain", {})))
    if "groups" in local:
        domain = _filled(local.get("domain", {}), values)
        found.groups += [(name, domain) for name in _list(local["groups"], values)]
    if "group_ids" in local:
        found.group_ids += _list(local["group_ids"], values)
    if "projects" in local:
        found.projects += _filled(local["projects"], values)
