"Nova v2.1: servers and their actions, flavors, key pairs, limits, and what administrators see."

from __future__ import annotations

import threading
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from tests.fakes.cloud_api.data import World, new_id

BUILD_S = 0.6


def _error(code: int, message: str) -> Any:
    name = {400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest"}[
        code
    ]
    return jsonify({name: {"code": code, "message": message}}), code


def blueprint(world: World) -> Blueprint:
    "The routes."
    api = Blueprint("compute", __name__)
    _servers(api, world)
    _project(api, world)
    _admin(api, world)
    return api


def _servers(api: Blueprint, world: World) -> None:
    def visible(server: dict[str, Any]) -> bool:
        return server["tenant_id"] == g.token["project"]["id"] or (
            "admin" in g.roles and request.args.get("all_tenants") is not None
        )

    @api.get("/v2.1/servers/detail")
    def detail() -> Any:
        found = [s for s in reversed(world.servers.values()) if visible(s)]
        for key in ("name", "host", "status"):
            wanted = request.args.get(key)
            if wanted:
                field = {"host": "OS-EXT-SRV-ATTR:host"}.get(key, key)
                found = [s for s in found if wanted.lower() in str(s[field]).lower()]
        marker, limit = request.args.get("marker"), int(request.args.get("limit", 1000))
        if marker:
            at = next(i for i, s in enumerate(found) if s["id"] == marker)
            found = found[at + 1 :]
        more = len(found) > limit
        body: dict[str, Any] = {"servers": found[:limit]}
        if more:
            body["servers_links"] = [
                {
                    "rel": "next",
                    "href": f"{world.url}/compute/v2.1/servers/detail"
                    f"?marker={found[limit - 1]['id']}",
                }
            ]
        return jsonify(body)

    @api.post("/v2.1/servers")
    def create() -> Any:
        given = request.get_json()["server"]
        if not given.get("name"):
            return _error(400, "Invalid input for field/attribute name. Value: . '' is too short")
        if given["flavorRef"] not in world.flavors:
            return _error(400, "Invalid flavorRef provided.")
        project = next(n for n, p in world.projects.items() if p["id"] == g.token["project"]["id"])
        made = [
            world.add_server(
                given["name"] if i == 0 else f"{given['name']}-{i + 1}",
                project=project,
                status="BUILD",
                flavor=given["flavorRef"],
                key_name=given.get("key_name"),
                user_id=g.token["user"]["id"],
            )
            for i in range(given.get("max_count", 1))
        ]
        for server in made:
            server["OS-EXT-STS:task_state"] = "spawning"
            threading.Timer(
                BUILD_S, server.update, [{"status": "ACTIVE", "OS-EXT-STS:task_state": None}]
            ).start()
        return jsonify(
            server={"id": made[0]["id"], "adminPass": "x", "links": [], "security_groups": []}
        ), 202

    @api.route("/v2.1/servers/<server_id>", methods=["GET", "DELETE", "PUT"])
    def server(server_id: str) -> Any:
        found = world.servers.get(server_id)
        if not found or not (visible(found) or "admin" in g.roles):
            return _error(404, f"Instance {server_id} could not be found.")
        if request.method == "DELETE":
            del world.servers[server_id]
            return Response(status=204)
        if request.method == "PUT":
            found.update(request.get_json()["server"])
        return jsonify(server=found)

    @api.post("/v2.1/servers/<server_id>/action")
    def action(server_id: str) -> Any:
        found = world.servers.get(server_id)
        if not found:
            return _error(404, f"Instance {server_id} could not be found.")
        ((verb, value),) = request.get_json().items()
        if found["locked"] and verb != "unlock" and "admin" not in g.roles:
            return _error(409, f"Instance {server_id} is locked")
        after = {
            "os-stop": "SHUTOFF",
            "os-start": "ACTIVE",
            "pause": "PAUSED",
            "unpause": "ACTIVE",
            "suspend": "SUSPENDED",
            "resume": "ACTIVE",
            "shelve": "SHELVED_OFFLOADED",
            "unshelve": "ACTIVE",
            "rescue": "RESCUE",
            "unrescue": "ACTIVE",
            "resize": "VERIFY_RESIZE",
            "confirmResize": "ACTIVE",
            "revertResize": "ACTIVE",
        }
        world.record(found, verb.removeprefix("os-").lower())
        if verb == "os-getConsoleOutput":
            return jsonify(output="Linux version 6.1\nlogin: <b>not bold</b>\n")
        if verb == "createImage":
            image = world.add_image(
                value["name"], status="active", owner=found["tenant_id"], size=1000
            )
            return jsonify(image_id=image["id"]), 202
        if verb in ("lock", "unlock"):
            found["locked"] = verb == "lock"
        found["status"] = after.get(verb, found["status"])
        return Response(status=202)

    @api.post("/v2.1/servers/<server_id>/remote-consoles")
    def console(server_id: str) -> Any:
        given = request.get_json()["remote_console"]
        return jsonify(
            remote_console=given | {"url": world.console_url or world.consoles[given["protocol"]]}
        )

    @api.get(
        "/v2.1/servers/<server_id>/<any('os-instance-actions','os-interface','os-volume_attachments','diagnostics','migrations'):what>"
    )
    def part(server_id: str, what: str) -> Any:
        if what == "os-instance-actions":
            return jsonify(instanceActions=world.actions.get(server_id, []))
        if what == "os-interface":
            return jsonify(
                interfaceAttachments=[
                    {
                        "port_id": p["id"],
                        "net_id": p["network_id"],
                        "mac_addr": p["mac_address"],
                        "port_state": "ACTIVE",
                        "fixed_ips": p["fixed_ips"],
                    }
                    for p in world.network["ports"].values()
                    if p["device_id"] == server_id
                ]
            )
        if what == "diagnostics":
            return jsonify(
                state="running",
                uptime=100,
                memory_details={"maximum": 256, "used": 120},
                num_cpus=1,
                cpu_details=[{"id": 0, "time": 10**9, "utilisation": 5}],
                nic_details=[{"mac_address": "x", "rx_octets": 1000, "tx_octets": 500}],
                disk_details=[{"read_bytes": 1, "write_bytes": 2}],
            )
        return jsonify(volumeAttachments=[], migrations=[])


def _project(api: Blueprint, world: World) -> None:
    @api.get("/v2.1/limits")
    def limits() -> Any:
        mine = [s for s in world.servers.values() if s["tenant_id"] == g.token["project"]["id"]]
        return jsonify(
            limits={
                "rate": [],
                "absolute": {
                    "maxTotalInstances": 10,
                    "totalInstancesUsed": len(mine),
                    "maxTotalCores": 20,
                    "totalCoresUsed": sum(s["flavor"]["vcpus"] for s in mine),
                    "maxTotalRAMSize": 51200,
                    "totalRAMUsed": sum(s["flavor"]["ram"] for s in mine),
                    "maxTotalKeypairs": 100,
                    "maxServerMeta": 128,
                    "maxServerGroups": 10,
                    "totalServerGroupsUsed": 0,
                },
            }
        )

    @api.get("/v2.1/flavors/detail")
    def flavors() -> Any:
        return jsonify(flavors=list(world.flavors.values()))

    @api.route("/v2.1/flavors", methods=["POST"])
    def new_flavor() -> Any:
        given = request.get_json()["flavor"]
        number = str(len(world.flavors) + 1)
        world.flavors[number] = (
            next(iter(world.flavors.values()))
            | {k: v for k, v in given.items() if v is not None}
            | {"id": given.get("id") or number}
        )
        return jsonify(flavor=world.flavors[number])

    @api.delete("/v2.1/flavors/<flavor_id>")
    def drop_flavor(flavor_id: str) -> Any:
        return Response(status=202 if world.flavors.pop(flavor_id, None) else 404)

    @api.get("/v2.1/os-availability-zone")
    def zones() -> Any:
        return jsonify(
            availabilityZoneInfo=[
                {"zoneName": "nova", "zoneState": {"available": True}, "hosts": None}
            ]
        )

    @api.route("/v2.1/os-keypairs", methods=["GET", "POST"])
    def keypairs() -> Any:
        if request.method == "POST":
            given = request.get_json()["keypair"]
            if given["name"] in world.keypairs:
                return _error(409, f"Key pair '{given['name']}' already exists.")
            world.keypairs[given["name"]] = {
                "name": given["name"],
                "type": given.get("type", "ssh"),
                "public_key": given["public_key"],
                "fingerprint": "aa:bb:cc",
                "user_id": g.token["user"]["id"],
            }
            return jsonify(keypair=world.keypairs[given["name"]]), 201
        return jsonify(keypairs=[{"keypair": k} for k in world.keypairs.values()])

    @api.delete("/v2.1/os-keypairs/<name>")
    def drop_keypair(name: str) -> Any:
        return Response(status=204 if world.keypairs.pop(name, None) else 404)


def _admin(api: Blueprint, world: World) -> None:
    @api.before_request
    def admin_only() -> Any:
        path = request.path.split("/v2.1/")[-1]
        wanted = ("os-hypervisors", "os-services", "os-aggregates")
        guarded = path.startswith(wanted) or path == "flavors" or path.endswith("diagnostics")
        if guarded and "admin" not in g.roles:
            return _error(403, "Policy doesn't allow os_compute_api:admin to be performed.")
        return None

    @api.get("/v2.1/os-hypervisors/detail")
    def hypervisors() -> Any:
        return jsonify(
            hypervisors=[
                {
                    "id": s["id"],
                    "hypervisor_hostname": s["host"],
                    "state": s["state"],
                    "status": s["status"],
                    "hypervisor_type": "QEMU",
                    "hypervisor_version": 7002000,
                    "host_ip": "127.0.0.1",
                    "uptime": "up 1 day",
                    "servers": [],
                    "service": {
                        "id": s["id"],
                        "host": s["host"],
                        "disabled_reason": s["disabled_reason"],
                    },
                }
                for s in world.services
            ]
        )

    @api.get("/v2.1/os-services")
    def services() -> Any:
        return jsonify(services=world.services)

    @api.put("/v2.1/os-services/<service_id>")
    def change(service_id: str) -> Any:
        service = next(s for s in world.services if s["id"] == service_id)
        service.update(request.get_json())
        return jsonify(service=service)

    @api.route("/v2.1/os-aggregates", methods=["GET", "POST"])
    def aggregates() -> Any:
        if request.method == "POST":
            number = len(world.aggregates) + 1
            world.aggregates[number] = {
                "id": number,
                "hosts": [],
                "metadata": {},
                "uuid": new_id(),
            } | request.get_json()["aggregate"]
            return jsonify(aggregate=world.aggregates[number])
        return jsonify(aggregates=list(world.aggregates.values()))

    @api.post("/v2.1/os-aggregates/<int:number>/action")
    def aggregate_action(number: int) -> Any:
        ((verb, value),) = request.get_json().items()
        hosts = world.aggregates[number]["hosts"]
        if verb == "add_host":
            hosts.append(value["host"])
        elif verb == "remove_host":
            hosts.remove(value["host"])
        else:
            world.aggregates[number]["metadata"].update(value["metadata"])
        return jsonify(aggregate=world.aggregates[number])

    @api.delete("/v2.1/os-aggregates/<int:number>")
    def drop(number: int) -> Any:
        world.aggregates.pop(number)
        return Response(status=200)

    @api.route("/v2.1/os-quota-sets/<project_id>", methods=["GET", "PUT"])
    def quota(project_id: str) -> Any:
        return jsonify(
            quota_set={
                "id": project_id,
                "instances": 10,
                "cores": 20,
                "ram": 51200,
                "key_pairs": 100,
                "server_groups": 10,
                "server_group_members": 10,
                "metadata_items": 128,
            }
        )
