"""`devstack/image tiny|debian`: guest images, built again only when their recipe has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from devstack.paths import Paths
from devstack.progress import Refused, step

KINDS = ("tiny", "debian")
SHOWN = {"tiny": ("alto-tiny", "t1.nano"), "debian": ("debian-12", "m1.small")}
"kind -> name of the image in the cloud, the smallest flavor that it boots on at ease."
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


def offer(paths: Paths, kind: str, file: Path) -> None:
    """Upload the image to the cloud, if one runs here, and print how to start a server from it.
    Raises Refused when the image service does not take it."""
    from devstack.supervision import Supervisor

    if not (paths.etc / "clouds.yaml").exists() or not Supervisor(paths).alive():
        print("No cloud runs here; devstack/up starts one, then this command uploads the image.")
        return
    from devstack import seed

    name, flavor = SHOWN[kind]
    with step(f"Image {name}") as shown:
        shown.result = seed.image(seed.connect(paths, "devstack-admin"), name, file)
    print(
        f"openstack server create --image {name} --flavor {flavor} --network {seed.NETWORK} "
        f"--key-name {seed.KEY} --wait {kind}"
    )


def _build(paths: Paths, kind: str, out: Path) -> None:
    if kind == "tiny":
        from devstack.guest import tiny

        tiny.build(out, paths.cache)
    else:
        from devstack.guest import debian

        debian.build(out, paths.cache)
