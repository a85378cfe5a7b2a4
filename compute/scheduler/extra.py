"""The little language of extra specs: `>= 5`, `<in> a`, `<or> a <or> b`, `s== x`, or a plain value.

Source: the admin guide of Nova, "Extra Specs" of ComputeCapabilitiesFilter.
"""

import operator
from collections.abc import Callable
from typing import Any

_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS: dict[str, Callable[[Any, Any], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
}


def matches(value: Any, wish: str) -> bool:
    "Whether `value` meets `wish`. A missing value (None) meets nothing."
    if value is None:
        return False
    words = wish.split()
    if not words:
        return str(value) == wish
    first, rest = words[0], words[1:]
    if first == "<or>":
        return str(value) in [w for w in words if w != "<or>"]
    if first in ("<in>", "<all-in>"):
        wanted = [w for w in words if w != first]
        if first == "<all-in>" or isinstance(value, list | dict):
            return all(w in value for w in wanted)
        return all(w in str(value) for w in wanted)
    if first in _TEXTS and rest:
        return _TEXTS[first](str(value), rest[0])
    if first in _NUMBERS and rest:
        try:
            return _NUMBERS[first](float(value), float(rest[0]))
        except (TypeError, ValueError):
            return False
    return str(value) == wish
