"""`devstack/image tiny|debian`: guest images, built again only when their recipe has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from devstack.paths import Paths
from devstack.progress import Refused, step

KINDS = ("tiny", "debian")
_GUEST = Path(__file__).resolve().parent / "guest"


def path_of(paths: Paths, kind: str) -> Path:
    "Where the image of the present recipe lies, built or not."
    return paths.cache / f"{kind}-{recipe(kind)}.qcow2"


def recipe(kind: str) -> str:
    "A short digest of the files that say how an image of this kind is built."
    digest = hashlib.sha256()
    files = [_GUEST / f"{kind}.py", *sorted((_GUEST / kind).glob("*"))]
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def build(paths: Paths, kind: str, *, quiet: bool = False) -> Path:
    """The image, built if it is not there. Raises Refused for an unknown kind and when it cannot
    be built."""
    if kind not in KINDS:
        raise Refused(f"There is no guest image {kind!r}; there are: {', '.join(KINDS)}")
    out = path_of(paths, kind)
    paths.cache.mkdir(parents=True, exist_ok=True)
    if not out.exists():
        if quiet:
            _build(paths, kind, out)
        else:
            with step(f"Guest image {kind}"):
                _build(paths, kind, out)
        for old in paths.cache.glob(f"{kind}-*.qcow2"):
            if old != out:
                old.unlink()
    print(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
    return out


def _build(paths: Paths, kind: str, out: Path) -> None:
    if kind == "tiny":
        from devstack.guest import tiny

        tiny.build(out, paths.cache)
    else:
        from devstack.guest import debian

        debian.build(out, paths.cache)
