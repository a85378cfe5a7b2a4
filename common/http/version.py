"""Microversions: parsed once for each request, compared with strings in handlers (`version >=
"2.26"`).

Header rules: the API-SIG guideline on microversions (`OpenStack-API-Version: compute 2.26`), and
the older header of a service.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from common.errors import BadRequest, NotAcceptable

_FORM = re.compile(r"([1-9]\d*)\.(0|[1-9]\d*)\Z")


class InvalidVersion(BadRequest):
    "API Version String '{text}' is of invalid format. It must be of format 'major.minor'."


class VersionNotSupported(NotAcceptable):
    "Version {version} is not supported by the API. Minimum is {minimum} and maximum is {maximum}."


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    "A microversion; compares with another one or with its text."

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version:
        "From `2.26`; raises InvalidVersion."
        match = _FORM.match(text.strip())
        if not match:
            raise InvalidVersion(text=text)
        return cls(int(match[1]), int(match[2]))

    def __lt__(self, other: Version | str) -> bool:
        o = _of(other)
        return (self.major, self.minor) < (o.major, o.minor)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = _of(other)
        return isinstance(other, Version) and (self.major, self.minor) == (other.major, other.minor)

    def __hash__(self) -> int:
        return hash((self.major, self.minor))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@functools.cache
def _text(text: str) -> Version:
    return Version.parse(text)


def _of(value: Version | str) -> Version:
    return _text(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class VersionRange:
    """What a service speaks: its type in the header, bounds, the name of its older header if it had
    one."""

    service: str
    minimum: str
    maximum: str
    legacy_header: str | None = None

    def negotiate(self, headers: Any) -> Version:
        """The version that the headers ask for, the minimum without one. Raises InvalidVersion
        (400) and VersionNotSupported (406)."""
        text = self._asked(headers)
        if text is None:
            return _of(self.minimum)
        if text.lower() == "latest":
            return _of(self.maximum)
        version = Version.parse(text)
        if not _of(self.minimum) <= version <= _of(self.maximum):
            raise VersionNotSupported(version=version, minimum=self.minimum, maximum=self.maximum)
        return version

    def _asked(self, headers: Any) -> str | None:
        for item in headers.get("OpenStack-API-Version", "").split(","):
            kind, _, text = item.strip().partition(" ")
            if kind.lower() == self.service and text:
                return text.strip()
        return headers.get(self.legacy_header) if self.legacy_header else None

    def answer(self, version: Version) -> dict[str, str]:
        "The headers of an answer given at `version`."
        out = {
            "OpenStack-API-Version": f"{self.service} {version}",
            "Vary": "OpenStack-API-Version",
        }
        if self.legacy_header:
            out[self.legacy_header] = str(version)
            out["Vary"] += f", {self.legacy_header}"
        return out
