"""The attributes of a resource, declared once: what a client may send, what it gets when it sends
nothing, who may.

A `Resource` makes the JSON Schemas for create and update from its table, and turns a checked body
into values. The words
`True` and `"64"` for true and 64 are accepted where Neutron accepts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from common.schema import Schema
from network.errors import HTTPBadRequest

UNSET: Any = object()
"""The default of an attribute that is absent unless sent."""


@dataclass(frozen=True)
class Kind:
    "A type of value: its schema, and how what fits becomes the value that we keep."

    schema: Mapping[str, Any]
    convert: Callable[[Any], Any] | None = None

    def __or__(self, other: None) -> Kind:
        "The same, or null."
        convert = self.convert
        return Kind(
            {"anyOf": [self.schema, {"type": "null"}]},
            (lambda v: None if v is None else convert(v)) if convert else None,
        )


def _bool(value: Any) -> bool:
    return value in (True, 1, "1") or str(value).lower() in ("true", "t", "yes", "on")


def text(most: int = 255, least: int = 0) -> Kind:
    "A string of so many characters."
    return Kind({"type": "string", "maxLength": most, "minLength": least})


def integer(least: int | None = None, most: int | None = None) -> Kind:
    "A whole number, or its digits."
    bounds: dict[str, int] = {
        k: v for k, v in (("minimum", least), ("maximum", most)) if v is not None
    }

    def convert(value: Any) -> int:
        number = int(value)
        if (least is not None and number < least) or (most is not None and number > most):
            raise HTTPBadRequest(
                reason=f"Invalid input. Reason: '{value}' is not in range {least} to {most}."
            )
        return number

    return Kind(
        {
            "anyOf": [
                {"type": "integer", **bounds},
                {"type": "string", "pattern": "^-?[0-9]{1,18}$"},
            ]
        },
        convert,
    )


def one_of(*values: str) -> Kind:
    "One of these words."
    return Kind({"enum": list(values)})


def list_of(kind: Kind, unique: bool = False, most: int = 4096) -> Kind:
    "A list."
    convert = kind.convert
    return Kind(
        {"type": "array", "items": kind.schema, "uniqueItems": unique, "maxItems": most},
        (lambda v: [convert(x) for x in v]) if convert else None,
    )


def table(required: str = "", **kinds: Kind) -> Kind:
    "An object with these keys and no other."

    def convert(value: dict[str, Any]) -> dict[str, Any]:
        return {k: (kinds[k].convert or _same)(v) for k, v in value.items()}

    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {k: v.schema for k, v in kinds.items()},
    }
    if required:
        schema["required"] = required.split()
    return Kind(schema, convert)


def _same(value: Any) -> Any:
    return value


TEXT = text()
BOOL = Kind(
    {
        "anyOf": [
            {"type": "boolean"},
            {"enum": [0, 1, "0", "1", "true", "True", "TRUE", "false", "False", "FALSE"]},
        ]
    },
    _bool,
)
UUID = Kind({"type": "string", "format": "uuid"})
PROJECT = text(255)
IP = Kind({"type": "string", "format": "ip"})
CIDR = Kind({"type": "string", "format": "cidr"})
MAC = Kind({"type": "string", "format": "mac-address"}, str.lower)
ANY_OBJECT = Kind({"type": "object"})
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
DNS_LABELS = Kind(
    {
        "type": "string",
        "maxLength": 255,
        "pattern": rf"^$|^({_LABEL}\.)*{_LABEL}\.?$",
    }
)


@dataclass(frozen=True)
class Attr:
    """One attribute. `guard`: sending it needs the rule create_NOUN:NAME or update_NOUN:NAME;
    `secret`: seeing it get_NOUN:NAME."""

    kind: Kind
    post: bool = True
    put: bool = True
    default: Any = UNSET
    required: bool = False
    guard: bool = False
    secret: bool = False

    def is_default(self, value: Any) -> bool:
        "Whether the value is the one that it would have if it were not sent."
        if self.default is UNSET:
            return False
        default = self.default() if callable(self.default) else self.default
        return bool((self.kind.convert(value) if self.kind.convert else value) == default)


@dataclass(frozen=True)
class Resource:
    """A kind of resource: its names in JSON, and its attributes. Those not listed (id, status,
    ...) are read only."""

    name: str
    plural: str
    attributes: Mapping[str, Attr]
    read_only_secret: tuple[str, ...] = ()
    """Attributes that clients never send and only some may see."""
    bulk: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def _object(self, put: bool) -> dict[str, Any]:
        names = {n: a for n, a in self.attributes.items() if (a.put if put else a.post)}
        schema: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {n: a.kind.schema for n, a in names.items()},
        }
        if not put:
            schema["properties"]["tenant_id"] = PROJECT.schema
            schema["properties"]["project_id"] = PROJECT.schema
            schema["required"] = [n for n, a in names.items() if a.required]
        return schema

    @cached_property
    def create(self) -> Schema:
        "The body of POST for one."
        return Schema(
            {
                "type": "object",
                "required": [self.name],
                "additionalProperties": False,
                "properties": {self.name: self._object(False)},
            }
        )

    @cached_property
    def create_many(self) -> Schema:
        "The body of POST for several."
        return Schema(
            {
                "type": "object",
                "required": [self.plural],
                "additionalProperties": False,
                "properties": {
                    self.plural: {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1000,
                        "items": self._object(False),
                    }
                },
            }
        )

    @cached_property
    def update(self) -> Schema:
        "The body of PUT."
        return Schema(
            {
                "type": "object",
                "required": [self.name],
                "additionalProperties": False,
                "properties": {self.name: self._object(True)},
            }
        )

    def values(
        self, sent: Mapping[str, Any], project_id: str | None = None, *, put: bool = False
    ) -> dict[str, Any]:
        """What was sent, converted; for a create with defaults for the rest, and `project_id`.

        Raises HTTPBadRequest where tenant_id and project_id differ.
        """
        out: dict[str, Any] = {}
        if not put:
            for name, attr in self.attributes.items():
                if attr.post and attr.default is not UNSET and name not in sent:
                    out[name] = attr.default() if callable(attr.default) else attr.default
            out["project_id"] = _project(sent, project_id)
        for name, value in sent.items():
            attr_ = self.attributes.get(name)
            if attr_ is not None:
                out[name] = value if attr_.kind.convert is None else attr_.kind.convert(value)
        return out

    def guarded(self, sent: Mapping[str, Any], put: bool = False) -> list[str]:
        """The attributes sent that need a rule of their own. Who makes something and says of it
        what it would be anyway (a client that sends every attribute does) needs none."""
        return [
            name
            for name, value in sent.items()
            if (attr := self.attributes.get(name)) is not None
            and attr.guard
            and (put or not attr.is_default(value))
        ]

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        "Attributes that only some may see."
        return (*(n for n, a in self.attributes.items() if a.secret), *self.read_only_secret)


def _project(sent: Mapping[str, Any], default: str | None) -> str:
    project, tenant = sent.get("project_id"), sent.get("tenant_id")
    if project is not None and tenant is not None and project != tenant:
        raise HTTPBadRequest(reason="'project_id' and 'tenant_id' do not match.")
    return project or tenant or default or ""
