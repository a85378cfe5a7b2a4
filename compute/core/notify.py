"Notifications `compute.instance.*`, for listeners of the ecosystem (unversioned payload)."

from collections.abc import Mapping
from typing import Any

from common.bus import Notifier
from common.context import Context
from compute.core import Deps
from compute.core.state import status
from compute.store import servers as store
from compute.store.models import Server

NAMES = {
    "build": "create",
    "delete": "delete",
    "rebuild": "rebuild",
    "resize": "finish_resize",
    "confirm": "resize.confirm",
    "revert": "resize.revert",
    "snapshot": "snapshot",
    "backup": "snapshot",
    "shelve": "shelve",
    "offload": "shelve_offload",
    "unshelve": "unshelve",
    "rescue": "rescue",
    "unrescue": "unrescue",
    "attach_volume": "volume.attach",
    "detach_volume": "volume.detach",
    "attach_nic": "interface_attach",
    "detach_nic": "interface_detach",
    "live_migrate": "live_migration._post",
    "evacuate": "evacuate",
}
POWER = {
    "start": "power_on",
    "stop": "power_off",
    "soft_reboot": "reboot",
    "hard_reboot": "reboot",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
}


def payload(server: Server) -> dict[str, Any]:
    "What is told of a server."
    return {
        "instance_id": server.id,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "display_name": server.name,
        "hostname": server.hostname,
        "host": server.host,
        "node": server.node,
        "availability_zone": server.availability_zone,
        "state": server.vm_state,
        "state_description": server.task_state or "",
        "status": status(server.vm_state, server.task_state),
        "instance_type": server.flavor["name"],
        "instance_flavor_id": server.flavor_id,
        "memory_mb": server.memory_mib,
        "vcpus": server.vcpus,
        "disk_gb": server.root_gib + server.ephemeral_gib,
        "root_gb": server.root_gib,
        "ephemeral_gb": server.ephemeral_gib,
        "image_ref_url": server.image_id or "",
        "metadata": server.meta,
        "reservation_id": server.reservation_id,
        "created_at": str(server.created_at),
        "launched_at": str(server.launched_at or ""),
        "terminated_at": str(server.terminated_at or ""),
        "deleted_at": str(server.deleted_at or ""),
        "fixed_ips": [
            {"address": ip["ip_address"], "vif_mac": n["mac"], "label": n.get("network_name")}
            for n in server.nics
            for ip in n["fixed_ips"]
        ],
    }


def ended(deps: Deps, ctx: Context, kind: str, args: Mapping[str, Any], server_id: str) -> None:
    "Tell that a job ended well."
    name = POWER.get(str(args.get("action"))) if kind == "power" else NAMES.get(kind)
    if name:
        tell(deps, ctx, f"compute.instance.{name}.end", server_id)


def tell(
    deps: Deps, ctx: Context | None, event_type: str, server_id: str, *, error: bool = False
) -> None:
    "Send one notification, when the operator wants them."
    if deps.events is None or not deps.config.notifications.enabled:
        return
    with deps.db.read() as session:
        server = store.get(session, server_id, deleted=True)
    if server is None:
        return
    notifier = Notifier(deps.events, f"compute.{server.host or deps.config.host}")
    (notifier.error if error else notifier.info)(ctx, event_type, payload(server))
