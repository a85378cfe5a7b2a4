"Neutron v2.0: any of its collections, with the rules of its errors."

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from tests.fakes.cloud_api.data import World


def _error(code: int, kind: str, message: str) -> Any:
    return jsonify(NeutronError={"type": kind, "message": message, "detail": ""}), code


def blueprint(world: World) -> Blueprint:
    "The routes."
    api = Blueprint("network", __name__)
    single = {
        "networks": "network",
        "subnets": "subnet",
        "ports": "port",
        "routers": "router",
        "security_groups": "security_group",
        "security_group_rules": "security_group_rule",
        "floatingips": "floatingip",
    }

    def mine(thing: dict[str, Any]) -> bool:
        return (
            "admin" in g.roles
            or thing["tenant_id"] == g.token["project"]["id"]
            or thing.get("shared")
            or thing.get("router:external")
        )

    @api.route("/v2.0/<kind>", methods=["GET", "POST"])
    def collection(kind: str) -> Any:
        kind = kind.replace("-", "_")
        if kind in ("agents", "availability_zones", "qos_policies"):
            return jsonify({kind: []})
        if kind not in single:
            return _error(404, "HTTPNotFound", "The resource could not be found.")
        if request.method == "POST":
            given = request.get_json()[single[kind]]
            if kind == "floatingips":
                given |= {
                    "floating_ip_address": f"203.0.113.{len(world.network[kind]) + 10}",
                    "port_id": given.get("port_id"),
                    "fixed_ip_address": None,
                    "router_id": None,
                    "status": "DOWN",
                }
            thing = world.add(kind, **({"tenant_id": g.token["project"]["id"]} | given))
            if kind == "security_groups":
                thing["security_group_rules"] = []
            if kind == "security_group_rules":
                world.network["security_groups"][thing["security_group_id"]][
                    "security_group_rules"
                ].append(thing)
            return jsonify({single[kind]: thing}), 201
        found = [t for t in world.network[kind].values() if mine(t)]
        for name, values in request.args.lists():
            if name not in ("fields", "limit", "marker", "sort_key", "sort_dir"):
                found = [t for t in found if str(t.get(name)) in values]
        return jsonify(
            {
                kind: [
                    dict(
                        t,
                        subnets=[
                            s["id"]
                            for s in world.network["subnets"].values()
                            if s["network_id"] == t["id"]
                        ],
                    )
                    if kind == "networks"
                    else t
                    for t in found
                ]
            }
        )

    @api.route("/v2.0/quotas/<project_id>/details.json")
    @api.route("/v2.0/quotas/<project_id>/details")
    def quotas(project_id: str) -> Any:
        names = {
            "network": "networks",
            "port": "ports",
            "router": "routers",
            "floatingip": "floatingips",
            "security_group": "security_groups",
            "subnet": "subnets",
            "security_group_rule": "security_group_rules",
        }
        return jsonify(
            quota={
                n: {
                    "limit": 100,
                    "reserved": 0,
                    "used": sum(t["tenant_id"] == project_id for t in world.network[k].values()),
                }
                for n, k in names.items()
            }
        )

    @api.route("/v2.0/quotas/<project_id>", methods=["GET", "PUT"])
    def quota(project_id: str) -> Any:
        return jsonify(
            quota={
                "network": 100,
                "port": 500,
                "router": 10,
                "floatingip": 50,
                "security_group": 10,
                "subnet": 100,
            }
        )

    @api.route("/v2.0/<kind>/<thing_id>", methods=["GET", "PUT", "DELETE"])
    def one(kind: str, thing_id: str) -> Any:
        kind = kind.replace("-", "_")
        thing = world.network.get(kind, {}).get(thing_id)
        if thing is None or not mine(thing):
            return _error(
                404, "NotFound", f"{single.get(kind, kind)} {thing_id} could not be found."
            )
        if request.method == "DELETE":
            if kind == "networks" and any(
                p["network_id"] == thing_id for p in world.network["ports"].values()
            ):
                return _error(
                    409,
                    "NetworkInUse",
                    f"Unable to complete operation on network {thing_id}. "
                    "There are one or more ports still in use on the network.",
                )
            del world.network[kind][thing_id]
            for group in world.network["security_groups"].values():
                group["security_group_rules"] = [
                    r for r in group["security_group_rules"] if r["id"] != thing_id
                ]
            return Response(status=204)
        if request.method == "PUT":
            thing.update(request.get_json()[single[kind]])
            if kind == "floatingips":
                port = world.network["ports"].get(thing.get("port_id") or "")
                thing |= {
                    "status": "ACTIVE" if port else "DOWN",
                    "fixed_ip_address": port["fixed_ips"][0]["ip_address"] if port else None,
                }
        return jsonify({single[kind]: thing})

    @api.put("/v2.0/routers/<router_id>/<any(add_router_interface,remove_router_interface):verb>")
    def interface(router_id: str, verb: str) -> Any:
        subnet = world.network["subnets"].get(request.get_json().get("subnet_id", ""))
        if subnet is None:
            return _error(404, "SubnetNotFound", "Subnet could not be found.")
        if verb.startswith("add"):
            world.add(
                "ports",
                network_id=subnet["network_id"],
                device_id=router_id,
                device_owner="network:router_interface",
                fixed_ips=[{"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}],
                mac_address="fa:16:3e:00:00:02",
            )
        else:
            for port in list(world.network["ports"].values()):
                if (
                    port["device_id"] == router_id
                    and port["fixed_ips"][0]["subnet_id"] == subnet["id"]
                ):
                    del world.network["ports"][port["id"]]
        return jsonify(id=router_id, subnet_id=subnet["id"])

    return api
