"/v2.0/RESOURCE/ID/tags, port forwardings of floating IPs, /v2.0/network-ip-availabilities."

from typing import Any

from common.http import Api
from common.http.app import parse_json
from common.schema import Schema
from network import errors
from network.core import availability, forwardings, tags
from network.schemas.nouns import PORT_FORWARDING
from network.views.routers import port_forwarding

api = Api("/v2.0")
_TAG = {"type": "string", "minLength": 1, "maxLength": 255}
_TAGS = Schema(
    {
        "type": "object",
        "required": ["tags"],
        "additionalProperties": False,
        "properties": {"tags": {"type": "array", "items": _TAG, "maxItems": 50}},
    }
)
_NAMES = ",".join(f"'{name}'" for name in tags.NOUNS)
_PATHS = f"/<any({_NAMES}):plural>/<key>/tags"
_PF = "/floatingips/<floating_id>/port_forwardings"


@api.get(_PATHS)
def index(ctx: Any, deps: Any, plural: str, key: str) -> dict[str, Any]:
    "The tags."
    return {"tags": tags.show(deps, ctx, plural, key)}


@api.put(_PATHS, body=_TAGS)
def replace(ctx: Any, deps: Any, body: Any, plural: str, key: str) -> dict[str, Any]:
    "These tags and no others."
    return {"tags": tags.change(deps, ctx, plural, key, replace=body["tags"])}


@api.delete(_PATHS)
def clear(ctx: Any, deps: Any, plural: str, key: str) -> None:
    "No tags."
    tags.change(deps, ctx, plural, key, replace=[])


@api.get(_PATHS + "/<tag>")
def has(ctx: Any, deps: Any, plural: str, key: str, tag: str) -> None:
    "204 if it has the tag."
    tags.has(deps, ctx, plural, key, tag)


@api.put(_PATHS + "/<tag>", status=201)
def add(ctx: Any, deps: Any, plural: str, key: str, tag: str) -> None:
    "Add a tag."
    tags.change(deps, ctx, plural, key, add=[tag])


@api.delete(_PATHS + "/<tag>")
def remove(ctx: Any, deps: Any, plural: str, key: str, tag: str) -> None:
    "Remove a tag."
    tags.change(deps, ctx, plural, key, remove=tag)


@api.get(_PF)
def forwarded(ctx: Any, deps: Any, floating_id: str) -> dict[str, Any]:
    "The port forwardings of a floating IP."
    rows = forwardings.listed(deps, ctx, floating_id)
    return {"port_forwardings": [port_forwarding(r, deps) for r in rows]}


@api.get(_PF + "/<key>")
def forwarding(ctx: Any, deps: Any, floating_id: str, key: str) -> dict[str, Any]:
    "One of them."
    return {"port_forwarding": port_forwarding(forwardings.show(deps, ctx, floating_id, key), deps)}


@api.post(_PF, status=201)
def forward(ctx: Any, deps: Any, request: Any, floating_id: str) -> dict[str, Any]:
    "Forward a port."
    body = parse_json(request.get_data(cache=False))
    PORT_FORWARDING.create.check(body)
    row = forwardings.create(
        deps, ctx, floating_id, PORT_FORWARDING.values(body["port_forwarding"])
    )
    return {"port_forwarding": port_forwarding(row, deps)}


@api.put(_PF + "/<key>")
def change(ctx: Any, deps: Any, request: Any, floating_id: str, key: str) -> dict[str, Any]:
    "Change a forwarding."
    body = parse_json(request.get_data(cache=False))
    PORT_FORWARDING.update.check(body)
    values = PORT_FORWARDING.values(body["port_forwarding"], put=True)
    return {
        "port_forwarding": port_forwarding(
            forwardings.update(deps, ctx, floating_id, key, values), deps
        )
    }


@api.delete(_PF + "/<key>")
def unforward(ctx: Any, deps: Any, floating_id: str, key: str) -> None:
    "Forward no longer."
    forwardings.delete(deps, ctx, floating_id, key)


@api.get("/network-ip-availabilities")
def availabilities(ctx: Any, deps: Any, args: Any) -> dict[str, Any]:
    "How many addresses are used; of no network for who may not see it."
    if not ctx.allows("get_network_ip_availability"):
        return {"network_ip_availabilities": []}
    return {"network_ip_availabilities": availability.listed(deps, args.to_dict(flat=False))}


@api.get("/network-ip-availabilities/<key>")
def of_network(ctx: Any, deps: Any, key: str) -> dict[str, Any]:
    "In one network."
    if not ctx.allows("get_network_ip_availability"):
        raise errors.missing("network", key)
    return {"network_ip_availability": availability.show(deps, key)}
