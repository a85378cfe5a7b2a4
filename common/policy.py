"""Policy rules: oslo.policy's language and files, each service's table in its `policy.py`."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from oslo_config import cfg
from oslo_policy import _checks, opts, policy

if TYPE_CHECKING:
    from common.context import Context

# oslo.policy asks for the signature of each check each time that it runs one: an eighth of the CPU
# of a small request. Checks are made once, with the rules; what they take does not change.
_SIGNATURES = SimpleNamespace(getfullargspec=functools.lru_cache(8192)(inspect.getfullargspec))
setattr(_checks, "inspect", _SIGNATURES)  # noqa: B010 a plain assignment is no module for mypy

Rule = policy.DocumentedRuleDefault
RuleDefault = policy.RuleDefault


def rule(
    name: str,
    check: str,
    description: str,
    *operations: tuple[str, str],
    scope: Iterable[str] | None = None,
) -> policy.DocumentedRuleDefault:
    "A row of a rule table: name, default, what it guards, and the (method, path) pairs."
    ops: list[Any] = [{"method": m, "path": p} for m, p in operations] or [
        {"method": "ANY", "path": "/"}
    ]
    return Rule(name, check, description, ops, scope_types=list(scope) if scope else None)


class _Patient(policy.Enforcer):
    """oslo.policy looks at its files, and goes through every rule, each time that a rule is asked
    for: some milliseconds with a table of 200. Once a second is enough to notice a changed
    file."""

    looked_at = float("-inf")

    def load_rules(self, force_reload: bool = False) -> None:
        "Look again, at most every second."
        now = time.monotonic()
        if force_reload or not self.rules or now - self.looked_at > 1:
            super().load_rules(force_reload)
            self.looked_at = now


class Enforcer:
    """Answers whether a rule holds. `policy_file` (YAML, may be absent) overrides defaults; it is
    read again when it changes. An unknown rule is a programming error and raises."""

    def __init__(self, rules: Iterable[policy.RuleDefault], policy_file: str | None = None) -> None:
        logging.getLogger("oslo_policy").setLevel(logging.ERROR)
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[], default_config_dirs=[])
        opts.set_defaults(conf)  # declares the options of oslo.policy
        self._enforcer = _Patient(conf, policy_file=policy_file or "/nonexistent", use_conf=True)
        conf.set_override("enforce_new_defaults", True, "oslo_policy")
        self._enforcer.suppress_default_change_warnings = True
        self._enforcer.suppress_deprecation_warnings = True
        self._enforcer.register_defaults(list(rules))
        self._enforcer.load_rules()

    def check(self, name: str, target: Mapping[str, Any], ctx: Context) -> bool:
        "Whether rule `name` allows `ctx` to act on `target`."
        if name not in self._enforcer.registered_rules:
            raise LookupError(f"policy rule {name!r} is not in the table")
        return bool(self._enforcer.enforce(name, dict(target), ctx.values()))
