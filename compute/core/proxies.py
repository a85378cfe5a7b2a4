"""Old parts of the API that only pass on to the image, network and volume services, with the
caller's own token."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.context import Context
from common.errors import BY_CODE, BadRequest, Conflict, Error, Forbidden
from compute.core import Deps, network
from compute.errors import UpstreamFailed
from compute.store.models import Server


def refuse(answer: Any, service: str) -> None:
    "A refusal of the other service as ours, with its sentence."
    if answer.status_code < 400:
        return
    try:
        body = answer.json()
        inner = next(iter(body.values())) if isinstance(body, dict) else {}
        message = inner.get("message") if isinstance(inner, dict) else body.get("message")
    except (ValueError, AttributeError, StopIteration):
        message = None
    if answer.status_code >= 500:
        raise UpstreamFailed(service=service, reason=message or answer.text[:200])
    cls: type[Error] = BY_CODE.get(answer.status_code, BadRequest)
    raise cls(message or answer.text[:200] or cls.title)


def call(
    deps: Deps,
    ctx: Context,
    service: str,
    method: str,
    path: str,
    body: Any = None,
    params: Any = None,
) -> Any:
    "The JSON of another service's answer, as the caller sees it."
    peer = getattr(deps.services.of(ctx), service)
    answer = peer.request(method, path, json=body, params=params, raise_exc=False)
    refuse(answer, service)
    return answer.json() if answer.content else None


@contextmanager
def old_refusals() -> Iterator[None]:
    """What Nova made of conflicts in the network service: 403 over quota, else 400 (its API
    reference gives these routes no 409)."""
    try:
        yield
    except Conflict as error:
        cls = Forbidden if error.message.startswith("Quota exceeded") else BadRequest
        raise cls(error.message) from None


def groups(deps: Deps, ctx: Context, everybody: bool = False) -> list[dict[str, Any]]:
    "Security groups of the project."
    params = {} if everybody else {"project_id": ctx.project_id}
    found = call(deps, ctx, "network", "GET", "/v2.0/security-groups", params=params)[
        "security_groups"
    ]
    return [group_view(g, {x["id"]: x["name"] for x in found}) for g in found]


def group(deps: Deps, ctx: Context, group_id: str) -> dict[str, Any]:
    "One group."
    return group_view(
        call(deps, ctx, "network", "GET", f"/v2.0/security-groups/{group_id}")["security_group"], {}
    )


def make_group(deps: Deps, ctx: Context, name: str, description: str | None) -> dict[str, Any]:
    "A new group."
    body = {"security_group": {"name": name, "description": description or ""}}
    with old_refusals():
        made = call(deps, ctx, "network", "POST", "/v2.0/security-groups", body)
    return group_view(made["security_group"], {})


def change_group(
    deps: Deps, ctx: Context, group_id: str, name: str, description: str | None
) -> dict[str, Any]:
    "Rename."
    body = {"security_group": {"name": name, "description": description or ""}}
    with old_refusals():
        made = call(deps, ctx, "network", "PUT", f"/v2.0/security-groups/{group_id}", body)
    return group_view(made["security_group"], {})


def drop_group(deps: Deps, ctx: Context, group_id: str) -> None:
    "Delete; one that is in use, or the default one, is a 400 here."
    with old_refusals():
        call(deps, ctx, "network", "DELETE", f"/v2.0/security-groups/{group_id}")


def group_view(g: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    "A group in Nova's words: only its ingress rules."
    rules = [
        rule_view(r, names)
        for r in g.get("security_group_rules") or []
        if r.get("direction") == "ingress"
    ]
    return {
        "id": g["id"],
        "name": g["name"],
        "description": g.get("description") or "",
        "tenant_id": g.get("project_id") or g.get("tenant_id"),
        "rules": rules,
    }


def rule_view(r: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    "A rule in Nova's words."
    low, high, protocol = r.get("port_range_min"), r.get("port_range_max"), r.get("protocol")
    if protocol and low is None:
        low, high = (-1, -1) if protocol in ("icmp", "ICMP") else (1, 65535)
    remote = r.get("remote_group_id")
    anywhere = "::/0" if r.get("ethertype") == "IPv6" else "0.0.0.0/0"
    return {
        "id": r["id"],
        "parent_group_id": r["security_group_id"],
        "ip_protocol": protocol,
        "from_port": low,
        "to_port": high,
        "group": {"name": names.get(remote, remote), "tenant_id": r.get("project_id")}
        if remote
        else {},
        "ip_range": {} if remote else {"cidr": r.get("remote_ip_prefix") or anywhere},
    }


def make_rule(deps: Deps, ctx: Context, wish: dict[str, Any]) -> dict[str, Any]:
    "A new ingress rule."
    protocol = wish.get("ip_protocol")
    rule: dict[str, Any] = {
        "direction": "ingress",
        "security_group_id": wish.get("parent_group_id"),
        "protocol": protocol.lower() if protocol else None,
    }
    cidr = wish.get("cidr")
    rule["ethertype"] = "IPv6" if cidr and ":" in cidr else "IPv4"
    if wish.get("group_id"):
        rule["remote_group_id"] = wish["group_id"]
    elif cidr:
        rule["remote_ip_prefix"] = cidr
    for key, name in (("from_port", "port_range_min"), ("to_port", "port_range_max")):
        value = wish.get(key)
        if value not in (None, "") and int(value) != -1:
            rule[name] = int(value)
    body = {"security_group_rule": rule}
    with old_refusals():
        made = call(deps, ctx, "network", "POST", "/v2.0/security-group-rules", body)
    names = {}
    if wish.get("group_id"):
        other = call(deps, ctx, "network", "GET", f"/v2.0/security-groups/{wish['group_id']}")
        names[wish["group_id"]] = other["security_group"]["name"]
    return rule_view(made["security_group_rule"], names)


def drop_rule(deps: Deps, ctx: Context, rule_id: str) -> None:
    "Delete a rule."
    call(deps, ctx, "network", "DELETE", f"/v2.0/security-group-rules/{rule_id}")


def groups_of_server(deps: Deps, ctx: Context, server: Server) -> list[dict[str, Any]]:
    "Groups of the server's ports, as the network service has them now."
    ports = call(deps, ctx, "network", "GET", "/v2.0/ports", params={"device_id": server.id})[
        "ports"
    ]
    ids = list(dict.fromkeys(g for p in ports for g in p.get("security_groups") or []))
    if not ids:
        return []
    found = call(
        deps, ctx, "network", "GET", "/v2.0/security-groups", params=[("id", i) for i in ids]
    )
    return [group_view(g, {}) for g in found["security_groups"]]


def set_group(deps: Deps, ctx: Context, server: Server, name: str, add: bool) -> list[str]:
    """Add a security group to every port of a server, or remove it; the ids that its first port
    has then."""
    found = network.security_groups(deps, ctx, [name]) or [_default(deps, ctx)]
    group_id = found[0]["id"]
    ports = call(deps, ctx, "network", "GET", "/v2.0/ports", params={"device_id": server.id})[
        "ports"
    ]
    if not ports:
        raise BadRequest("The server has no ports to which a security group could belong.")
    if not add and all(group_id not in p["security_groups"] for p in ports):
        raise BadRequest(f"Security group {name} is not associated with the server {server.id}.")
    for port in ports:
        ids = [i for i in port["security_groups"] if i != group_id] + ([group_id] if add else [])
        call(
            deps,
            ctx,
            "network",
            "PUT",
            f"/v2.0/ports/{port['id']}",
            {"port": {"security_groups": ids}},
        )
    return [str(found[0]["name"])]


def _default(deps: Deps, ctx: Context) -> dict[str, Any]:
    found = call(
        deps,
        ctx,
        "network",
        "GET",
        "/v2.0/security-groups",
        params={"project_id": ctx.project_id, "name": "default"},
    )["security_groups"]
    if not found:
        raise BadRequest("Security group default not found.")
    return dict(found[0])


def external(deps: Deps, ctx: Context) -> list[dict[str, Any]]:
    "External networks."
    found = call(deps, ctx, "network", "GET", "/v2.0/networks", params={"router:external": "True"})[
        "networks"
    ]
    return list(found)


def floating_ips(deps: Deps, ctx: Context) -> list[dict[str, Any]]:
    "Floating addresses of the project in Nova's words."
    rows = call(
        deps, ctx, "network", "GET", "/v2.0/floatingips", params={"project_id": ctx.project_id}
    )["floatingips"]
    names = {n["id"]: n["name"] for n in external(deps, ctx)}
    ports = (
        {
            p["id"]: p
            for p in call(
                deps, ctx, "network", "GET", "/v2.0/ports", params={"project_id": ctx.project_id}
            )["ports"]
        }
        if any(r.get("port_id") for r in rows)
        else {}
    )
    return [_floating(r, names, ports) for r in rows]


def _floating(r: dict[str, Any], names: dict[str, str], ports: dict[str, Any]) -> dict[str, Any]:
    device = ports.get(r.get("port_id") or "", {}).get("device_id") or None
    return {
        "id": r["id"],
        "ip": r["floating_ip_address"],
        "fixed_ip": r.get("fixed_ip_address"),
        "instance_id": device,
        "pool": names.get(r.get("floating_network_id", ""), r.get("floating_network_id")),
    }


def allocate(deps: Deps, ctx: Context, pool: str | None) -> dict[str, Any]:
    "A floating address from the external network `pool` (name or id), or the first."
    found = [n for n in external(deps, ctx) if pool in (None, n["id"], n["name"])]
    if not found:
        raise BY_CODE[404](f"Floating IP pool {pool} not found.")
    body = {"floatingip": {"floating_network_id": found[0]["id"]}}
    with old_refusals():
        made = call(deps, ctx, "network", "POST", "/v2.0/floatingips", body)["floatingip"]
    return _floating(made, {found[0]["id"]: found[0]["name"]}, {})
