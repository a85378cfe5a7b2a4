"""The volume service (Cinder v3 API): volumes of servers by the attachments API, so that a crash
never leaves a half-attached one.

An attachment is made when a server is accepted (it reserves the volume), updated with the
host's connector before the node connects (that answers connection_info), completed when the
guest has it, deleted at the end.
"""

import time
from collections.abc import Mapping
from typing import Any

from common.context import Context
from compute.core import Deps
from compute.errors import BadBlockDevices, NoSuchVolume, NotSupportedHere, UpstreamFailed
from compute.store.models import Server

MICROVERSION = {"OpenStack-API-Version": "volume 3.44"}


class VolumeFailed(UpstreamFailed):
    "Volume {volume_id}: {reason}"


def _peer(deps: Deps, ctx: Context | None) -> Any:
    if not deps.services.has("volume"):
        raise BadBlockDevices(reason="this cloud has no volume service.")
    return (deps.services.of(ctx) if ctx else deps.services).volume


def _project(ctx: Context | None, server: Server | None = None) -> str:
    return (server.project_id if server else None) or (ctx.project_id if ctx else None) or "-"


def _call(
    deps: Deps, ctx: Context | None, method: str, path: str, project: str, body: Any = None
) -> Any:
    return _peer(deps, ctx).request(
        method, f"/v3/{project}{path}", json=body, headers=dict(MICROVERSION), raise_exc=False
    )


def reason(answer: Any) -> str:
    "The sentence in an answer of the volume service."
    try:
        return str(next(iter(answer.json().values()))["message"])
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError):
        return str(answer.text)[:300]


def get(
    deps: Deps, ctx: Context | None, volume_id: str, project: str | None = None
) -> dict[str, Any]:
    "A volume. Raises NoSuchVolume."
    answer = _call(deps, ctx, "GET", f"/volumes/{volume_id}", project or _project(ctx))
    if answer.status_code in (400, 403, 404):
        raise NoSuchVolume(volume_id=volume_id)
    if answer.status_code >= 400:
        raise UpstreamFailed(service="volume", reason=reason(answer))
    return dict(answer.json()["volume"])


def snapshot(deps: Deps, ctx: Context, snapshot_id: str) -> dict[str, Any]:
    "A volume snapshot. Raises BadBlockDevices."
    answer = _call(deps, ctx, "GET", f"/snapshots/{snapshot_id}", _project(ctx))
    if answer.status_code >= 400:
        raise BadBlockDevices(reason=f"failed to get snapshot {snapshot_id}.")
    return dict(answer.json()["snapshot"])


def check_shared(volume: dict[str, Any], multiattach: bool) -> dict[str, Any]:
    """The volume itself. Raises NotSupportedHere for one that several servers may share when the
    caller's version does not know of them."""
    if volume.get("multiattach") and not multiattach:
        raise NotSupportedHere(
            reason="Multiattach volumes are only supported starting with compute API version 2.60."
        )
    return volume


def check_attachable(
    deps: Deps, ctx: Context, volume_id: str, multiattach: bool = True
) -> dict[str, Any]:
    "A volume that a server may take. Raises NoSuchVolume, BadBlockDevices, NotSupportedHere."
    volume = check_shared(get(deps, ctx, volume_id), multiattach)
    if volume["status"] not in ("available", "reserved") and not (
        volume.get("multiattach") and volume["status"] == "in-use"
    ):
        raise BadBlockDevices(
            reason=f"volume {volume_id} is {volume['status']}, it must be available."
        )
    return volume


def image_record(volume: Mapping[str, Any]) -> dict[str, Any]:
    """What a server keeps as its image when it boots a volume: the image's properties that the
    volume carries."""
    meta = dict(volume.get("volume_image_metadata") or {})
    return {
        "id": "",
        "name": meta.pop("image_name", None),
        "min_disk": 0,
        "min_ram": int(meta.pop("min_ram", 0) or 0),
        "disk_format": meta.pop("disk_format", "raw"),
        "size": 0,
        "status": "active",
        "properties": {k: str(v) for k, v in meta.items()},
    }


def reserve(
    deps: Deps, ctx: Context | None, server: Server, volume_id: str, *, again: str | None = None
) -> str:
    """Make an attachment without a connector; its id. `again` is one with a connector that goes
    instead. Raises BadBlockDevices or NotSupportedHere when the volume is taken."""
    if again:
        release(deps, server, again)
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": server.id, "connector": None}}
    answer = _call(deps, ctx, "POST", "/attachments", _project(ctx, server), body)
    if answer.status_code in (400, 404, 409):
        raise (
            NotSupportedHere(reason=reason(answer))
            if answer.status_code == 409
            else BadBlockDevices(reason=reason(answer))
        )
    if answer.status_code >= 400:
        raise UpstreamFailed(service="volume", reason=reason(answer))
    return str(answer.json()["attachment"]["id"])


def connect(
    deps: Deps,
    server: Server,
    attachment_id: str,
    host: str,
    report: Mapping[str, Any],
    device_name: str | None,
) -> dict[str, Any]:
    "Tell the volume service which host connects; the connection_info for its agent."
    connector = {
        "host": host,
        "ip": report.get("host_ip") or "127.0.0.1",
        "platform": report.get("arch", "x86_64"),
        "os_type": "linux",
        "multipath": False,
        "mountpoint": device_name,
        "initiator": f"iqn.2010-10.org.openstack:{host}",
    }
    answer = _call(
        deps,
        None,
        "PUT",
        f"/attachments/{attachment_id}",
        _project(None, server),
        {"attachment": {"connector": connector}},
    )
    if answer.status_code >= 400:
        raise UpstreamFailed(service="volume", reason=reason(answer))
    info = answer.json()["attachment"].get("connection_info") or {}
    return (
        info
        if "data" in info
        else {
            "driver_volume_type": info.get("driver_volume_type"),
            "data": {k: v for k, v in info.items() if k != "driver_volume_type"},
        }
    )


def complete(deps: Deps, server: Server, attachment_id: str) -> None:
    "The guest has it: the volume becomes in-use."
    answer = _call(
        deps,
        None,
        "POST",
        f"/attachments/{attachment_id}/action",
        _project(None, server),
        {"os-complete": None},
    )
    if answer.status_code >= 400 and answer.status_code != 404:
        raise UpstreamFailed(service="volume", reason=reason(answer))


def release(deps: Deps, server: Server, attachment_id: str) -> None:
    "Delete an attachment; none there is fine."
    answer = _call(deps, None, "DELETE", f"/attachments/{attachment_id}", _project(None, server))
    if answer.status_code >= 400 and answer.status_code != 404:
        raise UpstreamFailed(service="volume", reason=reason(answer))


def begin_detaching(deps: Deps, ctx: Context, volume_id: str) -> None:
    """Mark the volume detaching, so that nobody else uses it. Raises NotSupportedHere when it
    cannot be."""
    answer = _call(
        deps, ctx, "POST", f"/volumes/{volume_id}/action", _project(ctx), {"os-begin_detaching": {}}
    )
    if answer.status_code >= 400:
        raise NotSupportedHere(reason=reason(answer))


def create(
    deps: Deps,
    server: Server,
    *,
    size_gib: int | None,
    image_id: str | None = None,
    snapshot_id: str | None = None,
    volume_type: str | None = None,
) -> str:
    "A new volume of the server's project; its id."
    body = {
        "size": size_gib,
        "name": "",
        "imageRef": image_id,
        "snapshot_id": snapshot_id,
        "volume_type": volume_type,
    }
    answer = _call(
        deps,
        None,
        "POST",
        "/volumes",
        _project(None, server),
        {"volume": {k: v for k, v in body.items() if v is not None}},
    )
    if answer.status_code >= 400:
        raise UpstreamFailed(service="volume", reason=reason(answer))
    return str(answer.json()["volume"]["id"])


def wait_available(
    deps: Deps, server: Server, volume_id: str, timeout_s: float = 600
) -> dict[str, Any]:
    "Wait until a new volume is there. Raises VolumeFailed with its status when it will not be."
    end = time.monotonic() + timeout_s
    pause = 0.2
    while True:
        volume = get(deps, None, volume_id, _project(None, server))
        if volume["status"] == "available":
            return volume
        if volume["status"].startswith("error") or time.monotonic() > end:
            raise VolumeFailed(
                volume_id=volume_id,
                reason=f"it did not become available, it is {volume['status']}.",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 3)


def delete(deps: Deps, server: Server, volume_id: str) -> None:
    "Delete a volume that goes with its server."
    answer = _call(deps, None, "DELETE", f"/volumes/{volume_id}", _project(None, server))
    if answer.status_code >= 400 and answer.status_code != 404:
        raise UpstreamFailed(service="volume", reason=reason(answer))


def roll_detaching(deps: Deps, server: Server, volume_id: str) -> None:
    "Take `detaching` back."
    _call(
        deps,
        None,
        "POST",
        f"/volumes/{volume_id}/action",
        _project(None, server),
        {"os-roll_detaching": {}},
    )
