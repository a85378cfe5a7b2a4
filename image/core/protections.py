"""Property protections: which roles may create, read, change and delete properties whose name
matches an expression.

The file is Glance's `property-protections.conf` with `property_protection_rule_format = roles`: one
section for each regular expression, in order; the first that matches decides; a property that none
matches may not be touched.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass

from common.context import Context

OPERATIONS = ("create", "read", "update", "delete")


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    roles: Mapping[str, frozenset[str]]


class Protections:
    "The rules of one file; without a file everything is allowed."

    def __init__(self, path: str | None = None) -> None:
        self.active = bool(path)
        self._rules: list[_Rule] = []
        if path:
            parser = configparser.RawConfigParser(delimiters=("=",))
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
            self._rules = [self._rule(name, parser[name]) for name in parser.sections()]

    @staticmethod
    def _rule(name: str, section: Mapping[str, str]) -> _Rule:
        missing = [o for o in OPERATIONS if o not in section]
        if missing:
            raise ValueError(f"property protection [{name}] lacks {', '.join(missing)}")
        roles = {
            o: frozenset(r.strip().lower() for r in section[o].split(",") if r.strip())
            for o in OPERATIONS
        }
        for names in roles.values():
            if names & {"@", "!"} and len(names) > 1:
                raise ValueError(f"property protection [{name}]: '@' and '!' stand alone")
        return _Rule(re.compile(name), roles)

    def allows(self, ctx: Context, operation: str, name: str) -> bool:
        "Whether one of the caller's roles may do `operation` with property `name`."
        if not self.active:
            return True
        for rule in self._rules:
            if rule.pattern.match(name):
                roles = rule.roles[operation]
                return "@" in roles or bool(roles & {r.lower() for r in ctx.roles})
        return False
