"""The network service: which networks a server asks for, and the ports it gets.

A wanted network is `{"network_id" | "port_id", "fixed_ip", "tag", "address"}`; a nic, kept in
`Server.nics`, is a port with all that addresses, metadata and agents need, so that none of them
asks again.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.context import Context
from compute.core import Deps
from compute.errors import (
    NetworkAmbiguous,
    NetworkRefused,
    NoSuchNetwork,
    NoSuchPort,
    NoSuchSecurityGroup,
    PortInUse,
    UpstreamFailed,
)
from compute.store.models import Server

Wanted = dict[str, Any]
Nic = dict[str, Any]


def _get(peer: Any, path: str, key: str, params: Any) -> list[dict[str, Any]]:
    answer = peer.get(path, params=params, raise_exc=False)
    if answer.status_code >= 400:
        raise UpstreamFailed(service="network", reason=answer.text[:300])
    found: list[dict[str, Any]] = answer.json()[key]
    return found


def resolve(deps: Deps, ctx: Context, asked: Any, *, several: bool = False) -> list[Wanted]:
    """Check what a request asks for against the network service. `asked` is None (the project's
    only network), "auto" (the same, made when there is none), "none", or a list of {"uuid", "port",
    "fixed_ip", "tag"}. Raises NoSuchNetwork, NoSuchPort, PortInUse, NetworkAmbiguous."""
    if asked == "none":
        return []
    peer = deps.services.of(ctx).network
    if asked in (None, "auto", []):
        return _only(peer, ctx, allocate=asked == "auto")
    wanted = [
        {
            "network_id": n.get("uuid"),
            "port_id": n.get("port"),
            "fixed_ip": n.get("fixed_ip"),
            "tag": n.get("tag"),
        }
        for n in asked
    ]
    _check_ports(peer, wanted, several)
    ids = sorted({w["network_id"] for w in wanted if w["network_id"]})
    if not ids:
        return wanted
    found = {n["id"]: n for n in _get(peer, "/v2.0/networks", "networks", [("id", i) for i in ids])}
    for one in ids:
        if one not in found:
            raise NoSuchNetwork(network_id=one)
    for one in wanted:
        _describe(one, found[one["network_id"]], ctx)
    return wanted


def _describe(wanted: Wanted, network: Mapping[str, Any], ctx: Context) -> None:
    if not network.get("subnets") and not wanted["port_id"]:
        raise NetworkRefused(
            reason=f"network {network['id']} has no subnet, so a server can get no address."
        )
    outside = network.get("router:external") and not network.get("shared")
    if outside and not wanted["port_id"]:
        ctx.enforce(
            "network:attach_external_network",
            {"project_id": ctx.project_id},
        )
    wanted["network_name"], wanted["mtu"] = network.get("name"), network.get("mtu") or 1442


def resources_of(wanted: Iterable[Wanted]) -> dict[str, int]:
    "What given ports ask of the host that they come to: resource class -> amount."
    out: dict[str, int] = {}
    for one in wanted:
        request = one.get("resource_request") or {}
        for group in request.get("request_groups") or [request]:
            for name, amount in (group.get("resources") or {}).items():
                out[name] = out.get(name, 0) + int(amount)
    return out


def _allocated(peer: Any, ctx: Context) -> list[dict[str, Any]]:
    "The network that the network service makes for a project without one, with a router."
    answer = peer.get(f"/v2.0/auto-allocated-topology/{ctx.project_id}", raise_exc=False)
    if answer.status_code >= 400:
        raise NetworkRefused(
            reason=f"no network can be allocated for the project: {reason(answer)}"
        )
    made = answer.json()["auto_allocated_topology"]["id"]
    return _get(peer, "/v2.0/networks", "networks", {"id": made})


def _only(peer: Any, ctx: Context, allocate: bool) -> list[Wanted]:
    own = _get(peer, "/v2.0/networks", "networks", {"project_id": ctx.project_id})
    shared = _get(peer, "/v2.0/networks", "networks", {"shared": "True"})
    found = {
        n["id"]: n for n in [*own, *shared] if not n.get("router:external") and n.get("subnets")
    }
    if len(found) > 1:
        raise NetworkAmbiguous()
    if not found and allocate:
        found = {n["id"]: n for n in _allocated(peer, ctx)}
    out = []
    for network in found.values():
        one: Wanted = {"network_id": network["id"], "port_id": None, "fixed_ip": None, "tag": None}
        _describe(one, network, ctx)
        out.append(one)
    return out


def _check_ports(peer: Any, wanted: Sequence[Wanted], several: bool) -> None:
    ids = [w["port_id"] for w in wanted if w["port_id"]]
    if not ids:
        return
    if several:
        raise NetworkRefused(reason="several servers cannot have the same port.")
    found = {p["id"]: p for p in _get(peer, "/v2.0/ports", "ports", [("id", i) for i in ids])}
    for one in wanted:
        if not one["port_id"]:
            continue
        port = found.get(one["port_id"])
        if port is None:
            raise NoSuchPort(port_id=one["port_id"])
        if port.get("device_id"):
            raise PortInUse(port_id=one["port_id"])
        if ids.count(one["port_id"]) > 1:
            raise NetworkRefused(reason=f"port {one['port_id']} is named twice.")
        one["network_id"] = port["network_id"]
        one["resource_request"] = port.get("resource_request")


def security_groups(deps: Deps, ctx: Context, names: Iterable[str]) -> list[dict[str, str]]:
    "Groups by name or id -> [{id, name}]. Raises NoSuchSecurityGroup."
    wanted = list(dict.fromkeys(names))
    if not wanted or wanted == ["default"]:
        return []
    found = _get(
        deps.services.of(ctx).network,
        "/v2.0/security-groups",
        "security_groups",
        {"project_id": ctx.project_id, "fields": ["id", "name"]},
    )
    out = []
    for name in wanted:
        match = [g for g in found if g["id"] == name] or [g for g in found if g["name"] == name]
        if not match:
            raise NoSuchSecurityGroup(group=name)
        if len(match) > 1:
            raise NetworkAmbiguous(
                f"Multiple security groups found matching '{name}'. Use an ID to be more specific."
            )
        out.append({"id": match[0]["id"], "name": match[0]["name"]})
    return out


def make_ports(
    deps: Deps,
    server: Server,
    host: str,
    wanted: Sequence[Wanted],
    groups: Sequence[Mapping[str, str]],
    *,
    resumed: bool = False,
) -> list[Nic]:
    """Ports for a server on `host`, in the order of `wanted`: new ones in one call, given ones
    bound. Right to call again after a crash (`resumed`): ports that the server has already are
    taken. Raises NetworkRefused with the network service's reason."""
    peer = deps.services.network
    have = _get(peer, "/v2.0/ports", "ports", {"device_id": server.id}) if resumed else []
    made: dict[int, dict[str, Any]] = {}
    missing = []
    for i, one in enumerate(wanted):
        if one["port_id"]:
            made[i] = _bind(peer, server, host, one["port_id"])
        elif match := next((p for p in have if p["network_id"] == one["network_id"]), None):
            have.remove(match)
            made[i] = (
                match
                if match.get("binding:host_id") == host
                else _bind(peer, server, host, match["id"])
            )
        else:
            missing.append((i, _new_port(server, host, one, groups)))
    if missing:
        answer = peer.post("/v2.0/ports", json={"ports": [p for _, p in missing]}, raise_exc=False)
        if answer.status_code >= 400:
            raise NetworkRefused(reason=reason(answer))
        made |= dict(zip([i for i, _ in missing], answer.json()["ports"], strict=True))
    nics = [nic(made[i], one) for i, one in enumerate(wanted)]
    _add_subnets(deps, nics)
    return nics


def _new_port(
    server: Server, host: str, one: Wanted, groups: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    port: dict[str, Any] = {
        "network_id": one["network_id"],
        "device_id": server.id,
        "binding:host_id": host,
        "device_owner": _owner(server),
        "project_id": server.project_id,
        "admin_state_up": True,
    }
    if one.get("fixed_ip"):
        port["fixed_ips"] = [{"ip_address": one["fixed_ip"]}]
    if groups:
        port["security_groups"] = [g["id"] for g in groups]
    if server.hostname:
        port["dns_name"] = server.hostname.partition(".")[0]
    return port


def _owner(server: Server) -> str:
    return f"compute:{server.availability_zone or 'nova'}"


def _bind(peer: Any, server: Server, host: str, port_id: str) -> dict[str, Any]:
    change = {"device_id": server.id, "device_owner": _owner(server), "binding:host_id": host}
    answer = peer.put(f"/v2.0/ports/{port_id}", json={"port": change}, raise_exc=False)
    if answer.status_code >= 400:
        raise NetworkRefused(reason=reason(answer))
    port: dict[str, Any] = answer.json()["port"]
    return port


def reason(answer: Any) -> str:
    "The sentence in an answer of the network service."
    try:
        return str(answer.json()["NeutronError"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text)[:300]


def nic(port: Mapping[str, Any], wanted: Mapping[str, Any]) -> Nic:
    "What is kept of a port."
    return {
        "port_id": port["id"],
        "network_id": port["network_id"],
        "mac": port["mac_address"],
        "network_name": wanted.get("network_name"),
        "mtu": wanted.get("mtu") or 1442,
        "vif_type": port.get("binding:vif_type") or "ovs",
        "vnic_type": port.get("binding:vnic_type") or "normal",
        "details": port.get("binding:vif_details") or {},
        "fixed_ips": port.get("fixed_ips") or [],
        "subnets": [],
        "floating": [],
        "tag": wanted.get("tag"),
        "ours": not wanted.get("port_id"),
        "active": port.get("status") == "ACTIVE",
        "security_groups": port.get("security_groups") or [],
    }


def _add_subnets(deps: Deps, nics: Sequence[Nic]) -> None:
    "Put name, MTU and subnets of each network into its nics; one call for what the cache lacks."
    for one in nics:
        known = network_details(deps, one["network_id"])
        one["network_name"], one["mtu"] = known["name"], known["mtu"]
        ids = {ip["subnet_id"] for ip in one["fixed_ips"]}
        one["subnets"] = [s for s in known["subnets"] if s["id"] in ids]


def network_details(deps: Deps, network_id: str) -> dict[str, Any]:
    "Name, MTU and subnets of a network, at most a minute old."
    key = f"network {network_id}"
    until, known = deps.cache.get(key, (0.0, None))
    if known is not None and until > time.monotonic():
        return dict(known)
    peer = deps.services.network
    found = _get(peer, "/v2.0/networks", "networks", {"id": network_id})
    subnets = _get(peer, "/v2.0/subnets", "subnets", {"network_id": network_id})
    row = found[0] if found else {}
    known = {
        "name": row.get("name") or network_id,
        "mtu": row.get("mtu") or 1442,
        "subnets": [
            {
                k: s.get(k)
                for k in (
                    "id",
                    "cidr",
                    "gateway_ip",
                    "ip_version",
                    "dns_nameservers",
                    "host_routes",
                    "enable_dhcp",
                    "ipv6_address_mode",
                )
            }
            for s in subnets
        ],
    }
    if len(deps.cache) > 2000:
        deps.cache.clear()
    deps.cache[key] = (time.monotonic() + 60, known)
    return dict(known)


def release(deps: Deps, server_id: str, nics: Sequence[Nic]) -> None:
    """Delete ports that were made for the server, free those that were given to it. What is gone
    already is fine."""
    for one in nics:
        release_port(deps, server_id, one)


def release_port(deps: Deps, server_id: str, one: Nic) -> None:
    """The same for one nic. Raises UpstreamFailed when the network service fails, so that it is
    tried again."""
    peer = deps.services.network
    if one.get("ours", True):
        answer = peer.delete(f"/v2.0/ports/{one['port_id']}", raise_exc=False)
    else:
        free = {"device_id": "", "device_owner": "", "binding:host_id": ""}
        answer = peer.put(f"/v2.0/ports/{one['port_id']}", json={"port": free}, raise_exc=False)
    if answer.status_code >= 400 and answer.status_code != 404:
        raise UpstreamFailed(service="network", reason=reason(answer))


def leftovers(deps: Deps, server_id: str, known: Sequence[Nic]) -> list[Nic]:
    "Ports that name the server but that we have not written down: of a build that was cut short."
    ids = {n["port_id"] for n in known}
    found = _get(deps.services.network, "/v2.0/ports", "ports", {"device_id": server_id})
    return [nic(p, {}) for p in found if p["id"] not in ids]


def refresh(deps: Deps, server_id: str, nics: Sequence[Nic]) -> list[Nic]:
    """The nics with addresses, floating addresses, groups and states as the network service has
    them now."""
    peer = deps.services.network
    ports = {p["id"]: p for p in _get(peer, "/v2.0/ports", "ports", {"device_id": server_id})}
    floating: dict[str, list[dict[str, str]]] = {}
    if ports:
        query = [("port_id", i) for i in ports]
        for ip in _get(peer, "/v2.0/floatingips", "floatingips", query):
            floating.setdefault(ip["port_id"], []).append(
                {
                    "address": ip["floating_ip_address"],
                    "fixed": ip.get("fixed_ip_address") or "",
                    "id": ip["id"],
                }
            )
    out = []
    for old in nics:
        port = ports.get(old["port_id"])
        if port is None:
            continue
        new = nic(
            port,
            {"tag": old.get("tag"), "port_id": None if old.get("ours", True) else old["port_id"]},
        )
        new["floating"] = floating.get(old["port_id"], [])
        out.append(new)
    _add_subnets(deps, out)
    return out


def rebind(deps: Deps, server: Server, host: str) -> list[Nic]:
    "Bind every port of a server to another host."
    out = []
    for old in server.nics:
        port = _bind(deps.services.network, server, host, old["port_id"])
        new = {
            **old,
            "details": port.get("binding:vif_details") or old["details"],
            "vif_type": port.get("binding:vif_type") or old["vif_type"],
        }
        out.append(new)
    return out


def addresses(nics: Sequence[Nic]) -> str:
    "All addresses, one a line: what the filters by address look at."
    return "\n".join(ip["ip_address"] for n in nics for ip in n["fixed_ips"])
