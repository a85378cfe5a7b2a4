"""What a flavor's extra specs and an image's properties wish for, read in one place.

The flavor wins over the image: the operator decides about the host. Names are those of the extra
specs reference and of the image properties reference: `hw:cpu_policy` in a flavor is
`hw_cpu_policy` on an image."""

from __future__ import annotations

from collections.abc import Mapping

from compute.agent.drivers import NodeError
from compute.contracts.specs import ServerSpec

_YES = {"1", "true", "yes", "on", "t", "y"}


class BadWish(NodeError):
    "{name} = {value} cannot be carried out: {why}"


class Wishes:
    "Extra specs over image properties."

    def __init__(self, extra_specs: Mapping[str, str], image_properties: Mapping[str, str]) -> None:
        self.extra, self.image = extra_specs, image_properties

    @classmethod
    def of(cls, spec: ServerSpec) -> Wishes:
        "The wishes of one server."
        return cls(spec.extra_specs, spec.image_properties)

    def hw(self, name: str, default: str = "") -> str:
        "`hw:NAME` of the flavor, else `hw_NAME` of the image."
        return self.extra.get(f"hw:{name}") or self.image.get(f"hw_{name}") or default

    def os(self, name: str, default: str = "") -> str:
        "`os:NAME` of the flavor, else `os_NAME` of the image."
        return self.extra.get(f"os:{name}") or self.image.get(f"os_{name}") or default

    def yes(self, name: str, default: bool = False) -> bool:
        "`hw` as a boolean."
        value = self.hw(name)
        return value.lower() in _YES if value else default

    def number(self, name: str, default: int = 0) -> int:
        "`hw` as a number. Raises BadWish."
        return whole(f"hw:{name}", self.hw(name), default)

    def quota(self, name: str) -> int:
        "`quota:NAME`, 0 when there is none. Raises BadWish."
        return whole(f"quota:{name}", self.extra.get(f"quota:{name}", ""), 0)


def whole(name: str, value: str, default: int) -> int:
    "`value` as a whole number, or `default` when it is empty. Raises BadWish."
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise BadWish(name=name, value=value, why="it is not a whole number") from None


def cpu_set(text: str) -> list[int]:
    "Processors of `0-3,^2,8` in order: the notation of kernel and libvirt. Raises BadWish."
    chosen: set[int] = set()
    removed: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split(","))):
        into = removed if part.startswith("^") else chosen
        first, _, last = part.lstrip("^").partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise BadWish(name="processor set", value=text, why="it is not a list like 0-3,^2,8")
        into.update(range(int(first), int(last or first) + 1))
    return sorted(chosen - removed)


def cpu_ranges(cpus: list[int]) -> str:
    "`[0, 1, 2, 5]` as `0-2,5`."
    parts: list[list[int]] = []
    for cpu in sorted(cpus):
        if parts and cpu == parts[-1][1] + 1:
            parts[-1][1] = cpu
        else:
            parts.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
