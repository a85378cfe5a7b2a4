"Interfaces, volume attachments and consoles of a server."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Reply, Version
from compute.api.listing import window
from compute.core import Deps, attach, consoles, servers
from compute.errors import ConsoleKindUnavailable, InvalidParameter, WrongState
from compute.schemas import attach as schemas
from compute.views import attach as views

api = Api("/v2.1/servers/<server_id>")


@api.get("/os-interface")
def interfaces(ctx: Context, deps: Deps, server_id: str, version: Version) -> dict[str, Any]:
    "All ports."
    return {
        "interfaceAttachments": [
            views.interface(n, version) for n in attach.interfaces(deps, ctx, server_id)
        ]
    }


@api.get("/os-interface/<port_id>")
def interface(
    ctx: Context, deps: Deps, server_id: str, port_id: str, version: Version
) -> dict[str, Any]:
    "One."
    return {
        "interfaceAttachment": views.interface(
            attach.interface(deps, ctx, server_id, port_id), version
        )
    }


@api.post("/os-interface", body=schemas.INTERFACE)
def attach_interface(
    ctx: Context, deps: Deps, server_id: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Give it a port."
    wish = body.get("interfaceAttachment") or {}
    if wish.get("net_id") and wish.get("port_id"):
        raise InvalidParameter("Must not input both network_id and port_id")
    return {
        "interfaceAttachment": views.interface(
            attach.attach_interface(deps, ctx, server_id, wish), version
        )
    }


@api.delete("/os-interface/<port_id>", status=202)
def detach_interface(ctx: Context, deps: Deps, server_id: str, port_id: str) -> None:
    "Take one away."
    attach.detach_interface(deps, ctx, server_id, port_id)


@api.get("/os-volume_attachments", query=schemas.VOLUMES)
def volumes(
    ctx: Context, deps: Deps, server_id: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "All volumes, or a window of them."
    rows = window(deps, args, attach.attached(deps, ctx, server_id))
    return {"volumeAttachments": [views.volume(r, version) for r in rows]}


@api.get("/os-volume_attachments/<volume_id>")
def volume(
    ctx: Context, deps: Deps, server_id: str, volume_id: str, version: Version
) -> dict[str, Any]:
    "One."
    return {
        "volumeAttachment": views.volume(
            attach.attachment(deps, ctx, server_id, volume_id), version
        )
    }


@api.post("/os-volume_attachments", body=schemas.VOLUME)
def attach_volume(
    ctx: Context, deps: Deps, server_id: str, body: dict[str, Any], version: Version
) -> Reply | dict[str, Any]:
    "Attach one; what became of it is asked for, from 2.101 on also its name."
    _not_shelved(deps, ctx, server_id, version)
    row = attach.attach_volume(
        deps, ctx, server_id, body["volumeAttachment"], multiattach=version >= "2.60"
    )
    if version >= "2.101":
        return Reply(None, 202)
    return {"volumeAttachment": views.volume(row, version)}


def _not_shelved(deps: Deps, ctx: Context, server_id: str, version: Version) -> None:
    "Volumes of shelved servers come and go from 2.20 on."
    if version >= "2.20":
        return
    server = servers.get(deps, ctx, server_id)
    if server.vm_state in ("shelved", "shelved_offloaded"):
        raise WrongState(
            action="change volumes of",
            server_id=server_id,
            attribute="vm_state",
            state=server.vm_state,
        )


@api.put("/os-volume_attachments/<volume_id>", body=schemas.UPDATE_VOLUME, status=202)
def update_volume(
    ctx: Context, deps: Deps, server_id: str, volume_id: str, body: dict[str, Any], version: Version
) -> None:
    "Swap it for another, or (2.85) say whether it goes with the server."
    wish = body["volumeAttachment"]
    if wish["volumeId"] != volume_id:
        attach.swap_volume(deps, ctx, server_id, volume_id, wish["volumeId"])
    elif version < "2.85":
        raise InvalidParameter("The volume is the same.")
    if "delete_on_termination" in wish:
        delete = str(wish["delete_on_termination"]).lower() in ("true", "1", "on", "yes", "t", "y")
        attach.keep_on_delete(deps, ctx, server_id, wish["volumeId"], delete)


@api.delete("/os-volume_attachments/<volume_id>", status=202)
def detach_volume(
    ctx: Context, deps: Deps, server_id: str, volume_id: str, version: Version
) -> None:
    "Detach it."
    _not_shelved(deps, ctx, server_id, version)
    attach.detach_volume(deps, ctx, server_id, volume_id)


@api.post("/remote-consoles", body=schemas.REMOTE_CONSOLE, since="2.6")
def remote_console(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any]) -> Reply:
    "A URL for a console."
    wish = body["remote_console"]
    made = consoles.make(deps, ctx, server_id, wish["protocol"], wish["type"])
    return Reply({"remote_console": {"protocol": wish["protocol"], **made}}, 200)


tokens = Api("/v2.1/os-console-auth-tokens")


@tokens.get("/<token>", policy="os_compute_api:os-console-auth-tokens", query=schemas.TOKEN)
def token(deps: Deps, token: str, version: Version) -> dict[str, Any]:
    "What a token opens. Up to 2.30 that was told of RDP consoles only, of which there are none."
    if version < "2.31":
        raise ConsoleKindUnavailable(kind="rdp-html5")
    return {"console": consoles.look(deps, token)}
