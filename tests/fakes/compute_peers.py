"""Stand-ins for the image, network and volume services, as compute sees them: small WSGI apps with
state in memory.

They check what they are sent as strictly as compute relies on, and count calls (`calls`:
"METHOD path") so that tests can.
"""

import itertools
import threading
import uuid

from flask import Flask, Response, jsonify, request


def _app(name, peer):
    app = Flask(name)

    @app.before_request
    def note():
        with peer.lock:
            peer.calls.append(f"{request.method} {request.path}")
        if peer.down:
            return Response("down for a test", 503)
        return None

    return app


class Peer:
    "What the three share."

    def __init__(self):
        self.calls, self.lock, self.down = [], threading.RLock(), False


def _error(message, code):
    return jsonify({"NeutronError": {"type": "Fault", "message": message, "detail": ""}}), code


class Images(Peer):
    "Glance v2: records, and data that is thrown away."

    def __init__(self):
        super().__init__()
        self.images = {}
        self.app = app = _app("images", self)
        app.add_url_rule("/v2/images", view_func=self._list, methods=["GET"])
        app.add_url_rule("/v2/images", view_func=self._create, methods=["POST"], endpoint="create")
        app.add_url_rule("/v2/images/<i>", view_func=self._show, methods=["GET"], endpoint="show")
        app.add_url_rule(
            "/v2/images/<i>", view_func=self._delete, methods=["DELETE"], endpoint="del"
        )
        app.add_url_rule(
            "/v2/images/<i>/file", view_func=self._put, methods=["PUT"], endpoint="put"
        )
        app.add_url_rule(
            "/v2/images/<i>", view_func=self._patch, methods=["PATCH"], endpoint="patch"
        )

    def add(self, name="cirros", **fields):
        "An active image; its id."
        image = {
            "id": str(uuid.uuid4()),
            "name": name,
            "status": "active",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 0,
            "min_ram": 0,
            "size": 1 << 20,
            "visibility": "public",
            "owner": "project-1",
            "os_hash_algo": "sha512",
            "os_hash_value": "0" * 128,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "tags": [],
            **fields,
        }
        self.images[image["id"]] = image
        return image["id"]

    def _list(self):
        wanted = {k: v for k, v in request.args.items() if k not in ("limit", "marker", "sort")}

        def fits(image, key, value):
            have = str(image.get(key))
            if value.startswith("gte:"):
                return have >= value.removeprefix("gte:")
            if value.startswith("in:"):
                return have in value.removeprefix("in:").split(",")
            return have == value

        found = [i for i in self.images.values() if all(fits(i, k, v) for k, v in wanted.items())]
        return jsonify({"images": found})

    def _create(self):
        body = request.get_json()
        new = self.add(**{"status": "queued", "size": None, **body})
        return jsonify(self.images[new]), 201

    def _show(self, i):
        return jsonify(self.images[i]) if i in self.images else ("no such image", 404)

    def _delete(self, i):
        return ("", 204) if self.images.pop(i, None) else ("", 404)

    def _patch(self, i):
        if request.content_type != "application/openstack-images-v2.1-json-patch":
            return "", 415
        for change in request.get_json(force=True):
            key = change["path"].removeprefix("/")
            if (change["op"] == "add") == (key in self.images[i]):
                return f"cannot {change['op']} {key}", 409 if key in self.images[i] else 404
            if change["op"] == "remove":
                del self.images[i][key]
            else:
                self.images[i][key] = change["value"]
        return jsonify(self.images[i])

    def _put(self, i):
        data = request.get_data()
        self.images[i] |= {"status": "active", "size": len(data)}
        return "", 204


class Networks(Peer):
    "Neutron v2.0: networks with one subnet each, ports that bind at once, floating addresses."

    def __init__(self):
        super().__init__()
        self.networks, self.subnets, self.ports = {}, {}, {}
        self.floatingips, self.groups, self.rules = {}, {}, {}
        self.refuse_ports = None
        self._address = itertools.count(10)
        self.app = app = _app("networks", self)
        tables = {
            "networks": self.networks,
            "subnets": self.subnets,
            "ports": self.ports,
            "floatingips": self.floatingips,
            "security-groups": self.groups,
            "security-group-rules": self.rules,
        }
        for path, table in tables.items():
            self._serve(app, path, path.replace("-", "_"), table)
        app.add_url_rule("/v2.0/auto-allocated-topology/<p>", view_func=self._auto)

    def _serve(self, app, path, key, table):
        one = key[:-1]

        def many():
            return jsonify({key: _matching(table, request.args)})

        def show(i):
            return jsonify({one: table[i]}) if i in table else _error(f"{one} {i} not found", 404)

        def create():
            body = request.get_json()
            make = getattr(self, f"_new_{one}")
            if key in body:
                if one == "port" and self.refuse_ports:
                    return _error(self.refuse_ports, 409)
                return jsonify({key: [make(b) for b in body[key]]}), 201
            if one == "security_group_rule" and any(
                body[one].items() <= r.items() for r in table.values()
            ):
                return _error("Security group rule already exists.", 409)
            return jsonify({one: make(body[one])}), 201

        def update(i):
            if i not in table:
                return _error(f"{one} {i} not found", 404)
            table[i] |= request.get_json()[one]
            for ip in table[i].get("fixed_ips", ()):
                ip.setdefault("ip_address", f"10.0.9.{next(self._address) % 250}")
            return jsonify({one: table[i]})

        def delete(i):
            return ("", 204) if table.pop(i, None) else _error(f"{one} {i} not found", 404)

        add = app.add_url_rule
        add(f"/v2.0/{path}", f"{one} many", many, methods=["GET"])
        add(f"/v2.0/{path}", f"{one} create", create, methods=["POST"])
        add(f"/v2.0/{path}/<i>", f"{one} show", show, methods=["GET"])
        add(f"/v2.0/{path}/<i>", f"{one} update", update, methods=["PUT"])
        add(f"/v2.0/{path}/<i>", f"{one} delete", delete, methods=["DELETE"])

    def add(self, name="private", project="project-1", **fields):
        "A network with a subnet; its id."
        net = str(uuid.uuid4())
        sub = str(uuid.uuid4())
        number = len(self.networks)
        self.networks[net] = {
            "id": net,
            "name": name,
            "project_id": project,
            "tenant_id": project,
            "subnets": [sub],
            "shared": False,
            "router:external": False,
            "mtu": 1442,
            **fields,
        }
        self.subnets[sub] = {
            "id": sub,
            "network_id": net,
            "cidr": f"10.{number}.0.0/16",
            "gateway_ip": f"10.{number}.0.1",
            "ip_version": 4,
            "dns_nameservers": ["9.9.9.9"],
            "host_routes": [],
            "enable_dhcp": True,
        }
        return net

    def _auto(self, p):
        if not any(n["router:external"] for n in self.networks.values()):
            return _error("Deployment error: No default router:external network.", 409)
        net = self.add("auto_allocated_network", project=p)
        return jsonify({"auto_allocated_topology": {"id": net, "tenant_id": p}})

    def _new_port(self, body):
        with self.lock:
            number = next(self._address)
        net = self.networks[body["network_id"]]
        index = list(self.networks).index(net["id"])
        address = f"10.{index}.{number // 256}.{number % 256}"
        fixed = body.get("fixed_ips") or [{"ip_address": address}]
        port = {
            "id": str(uuid.uuid4()),
            "mac_address": f"fa:16:3e:00:{number // 256:02x}:{number % 256:02x}",
            "status": "ACTIVE",
            "binding:vif_type": "ovs",
            "binding:vnic_type": "normal",
            "security_groups": ["sg-default"],
            "device_id": "",
            "device_owner": "",
            "binding:vif_details": {"bridge_name": "br-int"},
            **body,
            "fixed_ips": [{"subnet_id": net["subnets"][0], **f} for f in fixed],
        }
        self.ports[port["id"]] = port
        return port

    def add_port(self, network_id, **fields):
        "A port of nobody; its id."
        return self._new_port({"network_id": network_id, **fields})["id"]

    def _new_floatingip(self, body):
        ip = {
            "id": str(uuid.uuid4()),
            "floating_ip_address": f"172.24.4.{next(self._address)}",
            "port_id": None,
            "fixed_ip_address": None,
            "project_id": "project-1",
            **body,
        }
        self.floatingips[ip["id"]] = ip
        return ip

    def _new_security_group(self, body):
        group = {
            "id": str(uuid.uuid4()),
            "project_id": "project-1",
            "tenant_id": "project-1",
            "security_group_rules": [],
            "description": "",
            **body,
        }
        self.groups[group["id"]] = group
        return group

    def _new_security_group_rule(self, body):
        rule = {"id": str(uuid.uuid4()), "project_id": "project-1", **body}
        self.rules[rule["id"]] = rule
        self.groups[rule["security_group_id"]]["security_group_rules"].append(rule)
        return rule


def _matching(table, args):
    def fits(row):
        for key in args:
            if key in ("fields", "limit"):
                continue
            values = [v.lower() for v in args.getlist(key)]
            if str(row.get(key)).lower() not in values:
                return False
        return True

    return [r for r in table.values() if fits(r)]


class Volumes(Peer):
    "Cinder v3: volumes and attachments."

    def __init__(self):
        super().__init__()
        self.volumes, self.snapshots, self.attachments = {}, {}, {}
        self.app = app = _app("volumes", self)
        add = app.add_url_rule
        add("/v3/<p>/volumes", "create", self._create, methods=["POST"])
        add("/v3/<p>/volumes", "list", self._list, methods=["GET"])
        add("/v3/<p>/volumes/detail", "detail", self._list, methods=["GET"])
        add("/v3/<p>/volumes/<i>", "show", self._show, methods=["GET"])
        add("/v3/<p>/volumes/<i>", "delete", self._delete, methods=["DELETE"])
        add("/v3/<p>/volumes/<i>/action", "action", self._action, methods=["POST"])
        add("/v3/<p>/snapshots/<i>", "snap", self._snapshot, methods=["GET"])
        add("/v3/<p>/snapshots", "snaps", self._make_snapshot, methods=["POST"])
        add("/v3/<p>/snapshots/detail", "snap list", self._snapshots, methods=["GET"])
        add("/v3/<p>/snapshots/<i>", "snap delete", self._drop_snapshot, methods=["DELETE"])
        add("/v3/<p>/attachments", "attach", self._attach, methods=["POST"])
        add("/v3/<p>/attachments/<i>", "connect", self._connect, methods=["PUT"])
        add("/v3/<p>/attachments/<i>", "detach", self._detach, methods=["DELETE"])
        add("/v3/<p>/attachments/<i>/action", "complete", self._complete, methods=["POST"])

    def add(self, size=1, **fields):
        "An available volume; its id."
        volume = {
            "id": str(uuid.uuid4()),
            "size": size,
            "status": "available",
            "name": "",
            "attachments": [],
            "multiattach": False,
            "bootable": "false",
            "volume_image_metadata": {},
            "availability_zone": "nova",
            "metadata": {},
            "created_at": "2026-01-01T00:00:00.000000",
            "description": "",
            "volume_type": "file",
            "snapshot_id": None,
            **fields,
        }
        self.volumes[volume["id"]] = volume
        return volume["id"]

    def _create(self, p):
        body = request.get_json()["volume"]
        volume = self.add(**{k: v for k, v in body.items() if k in ("size", "name", "volume_type")})
        return jsonify({"volume": self.volumes[volume]}), 202

    def _list(self, p):
        return jsonify({"volumes": list(self.volumes.values())})

    def _show(self, p, i):
        if i not in self.volumes:
            return jsonify({"itemNotFound": {"message": f"Volume {i} could not be found."}}), 404
        return jsonify({"volume": self.volumes[i]})

    def _delete(self, p, i):
        return ("", 202) if self.volumes.pop(i, None) else ("", 404)

    def _action(self, p, i):
        action = next(iter(request.get_json()))
        states = {"os-begin_detaching": "detaching", "os-roll_detaching": "in-use"}
        self.volumes[i]["status"] = states[action]
        return "", 202

    def _snapshot(self, p, i):
        found = self.snapshots.get(i)
        return jsonify({"snapshot": found}) if found else ("", 404)

    def _snapshots(self, p):
        return jsonify({"snapshots": list(self.snapshots.values())})

    def _drop_snapshot(self, p, i):
        return ("", 202) if self.snapshots.pop(i, None) else ("", 404)

    def _make_snapshot(self, p):
        body = request.get_json()["snapshot"]
        snap = {"id": str(uuid.uuid4()), "status": "available", "size": 1, **body}
        self.snapshots[snap["id"]] = snap
        return jsonify({"snapshot": snap}), 202

    def _attach(self, p):
        body = request.get_json()["attachment"]
        volume = self.volumes.get(body["volume_uuid"])
        if volume is None:
            return jsonify({"itemNotFound": {"message": "no such volume"}}), 404
        if volume["status"] not in ("available", "downloading") and not volume["multiattach"]:
            message = f"volume is {volume['status']}"
            return jsonify({"conflictingRequest": {"message": message}}), 409
        volume["status"] = "reserved"
        attachment = {
            "id": str(uuid.uuid4()),
            "status": "reserved",
            "instance": body["instance_uuid"],
            "volume_id": volume["id"],
            "connection_info": {},
        }
        self.attachments[attachment["id"]] = attachment
        return jsonify({"attachment": attachment})

    def _connect(self, p, i):
        attachment = self.attachments[i]
        connector = request.get_json()["attachment"]["connector"]
        attachment |= {
            "status": "attaching",
            "connector": connector,
            "connection_info": {
                "driver_volume_type": "nbd",
                "host": "127.0.0.1",
                "port": 10809,
                "export": attachment["volume_id"],
            },
        }
        return jsonify({"attachment": attachment})

    def _complete(self, p, i):
        attachment = self.attachments[i]
        attachment["status"] = "attached"
        self.volumes[attachment["volume_id"]]["status"] = "in-use"
        return "", 204

    def _detach(self, p, i):
        attachment = self.attachments.pop(i, None)
        if attachment is None:
            return "", 404
        left = [a for a in self.attachments.values() if a["volume_id"] == attachment["volume_id"]]
        volume = self.volumes.get(attachment["volume_id"])
        if volume is not None:
            volume["status"] = "in-use" if left else "available"
        return "", 200
