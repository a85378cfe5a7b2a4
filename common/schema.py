"""JSON Schema: compiled once, fast when the data is right, exact words when it is not.

`Schema(dict)` validates; `Versioned` chooses a schema by microversion. The common case is decided
by jsonschema-rs; only a refusal is looked at again by jsonschema, whose messages clients of these
APIs know.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from common.errors import BadRequest
from common.ids import is_uuid

SECRETS = (
    "password",
    "secret",
    "passcode",
    "adminpass",
    "admin_pass",
    "original_password",
    "token",
    "blob",
)


class InvalidInput(BadRequest):
    "Invalid input for field/attribute {field}. Value: {value}. {reason}"


class InvalidBody(BadRequest):
    "Invalid request body: {reason}"


def _is_ip(version: int) -> Callable[[object], bool]:
    def check(text: object) -> bool:
        if not isinstance(text, str):
            return True
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return check


def _is_cidr(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_uri(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", text)


def _is_date_time(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_mac(text: object) -> bool:
    return (
        not isinstance(text, str)
        or re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text) is not None
    )


def _is_base64(text: object) -> bool:
    if not isinstance(text, str):
        return True
    return re.fullmatch(r"(?:[A-Za-z0-9+/\s]{4})*(?:[A-Za-z0-9+/\s]*={0,2})\s*", text) is not None


FORMATS: dict[str, Callable[[Any], bool]] = {
    "uuid": lambda v: not isinstance(v, str) or is_uuid(v),
    "ipv4": _is_ip(4),
    "ipv6": _is_ip(6),
    "ip": lambda v: _is_ip(4)(v) or _is_ip(6)(v),
    "cidr": _is_cidr,
    "uri": _is_uri,
    "date-time": _is_date_time,
    "mac-address": _is_mac,
    "base64": _is_base64,
}
"""Formats that schemas may name; a service adds its own before its first request."""


class Schema:
    """One JSON Schema (2020-12). `check(data)` raises InvalidInput or InvalidBody, naming the
    field."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = dict(schema)

    @cached_property
    def _fast(self) -> Callable[[Any], bool] | None:
        try:
            import jsonschema_rs

            options = {"validate_formats": True, "formats": FORMATS}
            return jsonschema_rs.Draft202012Validator(self.schema, **options).is_valid  # type: ignore[arg-type]
        except (
            ImportError,
            ValueError,
        ):  # not installed; or a pattern that only Python's engine reads
            return None

    @cached_property
    def _exact(self) -> Any:
        import jsonschema

        checker = jsonschema.FormatChecker(formats=())
        for name, test in FORMATS.items():
            checker.checks(name)(test)
        jsonschema.Draft202012Validator.check_schema(self.schema)
        return jsonschema.Draft202012Validator(self.schema, format_checker=checker)

    def is_valid(self, data: Any) -> bool:
        "Whether `data` fits."
        return self._fast(data) if self._fast else self._exact.is_valid(data)

    def check(self, data: Any) -> None:
        "Return if `data` fits, else raise the error that says why."
        if self._fast is not None and self._fast(data):
            return
        error = self._best(data)
        if error is not None:
            raise _explain(error)
        if self._fast is not None and not self._fast(data):
            raise InvalidBody(reason="it does not match the schema.")

    def _best(self, data: Any) -> Any:
        from jsonschema.exceptions import best_match

        return best_match(self._exact.iter_errors(data))


def _explain(error: Any) -> BadRequest:
    # For a choice (oneOf, anyOf) the deepest branch says more than "is not valid under any".
    path = [str(p) for p in error.absolute_path]
    reason = error.message
    if error.validator == "format":
        reason = f"{error.instance!r} is not a {error.validator_value!r}"
    if not path:
        return InvalidBody(reason=reason if reason.endswith(".") else reason + ".")
    field = path[-1] if not path[-1].isdigit() or len(path) == 1 else f"{path[-2]}[{path[-1]}]"
    secret = any(s in p.lower() for p in path for s in SECRETS)
    if secret:
        return InvalidInput(
            field=field, value="(hidden)", reason=f"It fails the rule {error.validator!r}."
        )
    value = repr(error.instance) if not isinstance(error.instance, str) else error.instance
    return InvalidInput(field=field, value=_short(value), reason=_short(reason, 500))


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


class Versioned:
    """Schemas by microversion: `Versioned({"2.1": A, "2.19": B})`: each holds from its version
    on."""

    def __init__(self, by_version: Mapping[str, Mapping[str, Any] | Schema]) -> None:
        pairs = [
            (_parse(v), s if isinstance(s, Schema) else Schema(s)) for v, s in by_version.items()
        ]
        self._steps = sorted(pairs, key=lambda p: p[0])

    def at(self, version: Any) -> Schema:
        "The schema for `version` (anything with major and minor)."
        wanted = (version.major, version.minor)
        chosen = self._steps[0][1]
        for since, schema in self._steps:
            if since <= wanted:
                chosen = schema
        return chosen


def _parse(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def obj(required: str = "", /, *, extra: bool = False, **properties: Any) -> dict[str, Any]:
    """An object schema: `obj("name ram", name=NAME, ram=RAM)`; unknown keys are refused unless
    `extra`. Keys that are no Python names go in by `**{"OS-X:y": ...}`."""
    out: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": extra,
    }
    if required:
        out["required"] = required.split()
    return out
