"""os-assisted-volume-snapshots: for volume services whose volumes are files that the node's QEMU
holds open."""

from typing import Any

from common.errors import NotFound
from common.http import Api
from compute.core import Deps, attach
from compute.schemas import cluster as schemas

api = Api("/v2.1/os-assisted-volume-snapshots")


@api.post("", policy="os_compute_api:os-assisted-volume-snapshots:create", body=schemas.ASSISTED)
def create(deps: Deps, body: dict[str, Any]) -> None:
    "Have the node make a snapshot of a volume in use."
    attach.refuse_assisted(deps, body["snapshot"]["volume_id"])


@api.delete("/<snapshot_id>", policy="os_compute_api:os-assisted-volume-snapshots:delete")
def delete(snapshot_id: str) -> None:
    "Have the node merge one."
    raise NotFound(f"Volume snapshot {snapshot_id} could not be found.")
