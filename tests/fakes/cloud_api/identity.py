"Keystone v3: tokens, projects, users, roles, application and EC2 credentials."

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from tests.fakes.cloud_api.data import World, new_id


def _error(code: int, message: str) -> Any:
    return jsonify(error={"code": code, "title": "x", "message": message}), code


def _catalog(world: World, project_id: str | None) -> list[dict[str, Any]]:
    tail = project_id or "none"
    urls = {
        "identity": "identity/v3",
        "compute": "compute/v2.1",
        "image": "image",
        "network": "network",
        "object-store": f"object/v1/AUTH_{tail}",
    }
    return [
        {
            "type": kind,
            "name": kind,
            "id": kind,
            "endpoints": [
                {
                    "id": kind,
                    "interface": "public",
                    "region": "RegionOne",
                    "region_id": "RegionOne",
                    "url": f"{world.url}/{path}",
                }
            ],
        }
        for kind, path in urls.items()
    ]


def issue(
    world: World,
    user: dict[str, Any],
    project: dict[str, Any] | None,
    methods: list[str],
    ttl: float = 3600,
) -> tuple[str, dict[str, Any]]:
    "A token and what the API says of it."
    stamp = "%Y-%m-%dT%H:%M:%S.000000Z"
    body = {
        "methods": methods,
        "user": {
            "id": user["id"],
            "name": user["name"],
            "domain": world.domain,
            "password_expires_at": None,
        },
        "audit_ids": [secrets.token_hex(8)],
        "expires_at": time.strftime(stamp, time.gmtime(time.time() + ttl)),
        "issued_at": time.strftime(stamp, time.gmtime()),
    }
    if project:
        names = {r for u, p, r in world.grants if u == user["name"] and p == project["name"]}
        body |= {
            "project": {"id": project["id"], "name": project["name"], "domain": world.domain},
            "roles": [world.roles[n] for n in sorted(names)],
            "catalog": _catalog(world, project["id"]),
            "is_domain": False,
        }
    token = secrets.token_urlsafe(300)
    world.tokens[token] = {
        "body": body,
        "ends": time.time() + ttl,
        "user": user,
        "project": project,
    }
    return token, body


def blueprint(world: World) -> Blueprint:
    "The routes."
    api = Blueprint("identity", __name__)

    def projects_of(user: dict[str, Any]) -> list[dict[str, Any]]:
        names = {p for u, p, _ in world.grants if u == user["name"]}
        return [p for p in world.projects.values() if p["name"] in names]

    @api.post("/v3/auth/tokens")
    def authenticate() -> Any:
        auth = request.get_json()["auth"]
        identity, methods = auth["identity"], auth["identity"]["methods"]
        project = None
        if "token" in methods:
            old = world.tokens.get(identity["token"]["id"])
            if old is None:
                return _error(401, "The request you have made requires authentication.")
            user = old["user"]
        elif "application_credential" in methods:
            given = identity["application_credential"]
            cred = world.credentials.get(given["id"])
            if not cred or cred["secret"] != given["secret"]:
                return _error(401, "The request you have made requires authentication.")
            user, project = cred["user"], cred["project"]
        else:
            given = identity[methods[0]]["user"]
            user = world.users.get(given["name"])
            receipt = world.tokens.get(request.headers.get("Openstack-Auth-Receipt", ""))
            code = identity.get("totp", {}).get("user", {}).get("passcode")
            known = user and (
                "password" in given and user["password"] == given["password"] or receipt
            )
            if not known or (code is not None and code != user["totp"]):
                return _error(401, "The request you have made requires authentication.")
            if user["totp"] and code is None:
                receipt_id, _ = issue(world, user, None, ["password"])
                return Response(
                    '{"receipt": {"methods": ["password"]}}',
                    401,
                    {"Openstack-Auth-Receipt": receipt_id, "Content-Type": "application/json"},
                )
        wanted = auth.get("scope", {}).get("project", {})
        if wanted:
            project = next(
                (
                    p
                    for p in projects_of(user)
                    if wanted.get("id") == p["id"] or wanted.get("name") == p["name"]
                ),
                None,
            )
            if project is None:
                return _error(401, "User has no access to project.")
        token, body = issue(world, user, project, methods)
        answer = jsonify(token=body)
        answer.status_code, answer.headers["X-Subject-Token"] = 201, token
        return answer

    @api.route("/v3/auth/tokens", methods=["GET", "DELETE"])
    def token() -> Any:
        subject = request.headers.get("X-Subject-Token", "")
        if subject not in world.tokens:
            return _error(404, "Could not find token.")
        if request.method == "DELETE":
            del world.tokens[subject]
            return Response(status=204)
        return jsonify(token=world.tokens[subject]["body"])

    @api.get("/v3/auth/projects")
    def mine() -> Any:
        return jsonify(projects=projects_of(g.token["user"]), links={})

    _administration(api, world)
    _credentials(api, world)
    return api


def _administration(api: Blueprint, world: World) -> None:
    def admin_only() -> Any:
        return (
            None
            if "admin" in g.roles
            else _error(403, "You are not authorized to perform the requested action.")
        )

    def shown(user: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in user.items() if k not in ("password", "totp")}

    @api.route("/v3/<kind>", methods=["GET", "POST"])
    def collection(kind: str) -> Any:
        if admin_only():
            return admin_only()
        tables = {"projects": world.projects, "users": world.users, "roles": world.roles}
        if kind == "domains":
            return jsonify(domains=[world.domain | {"enabled": True}], links={})
        if kind == "role_assignments":
            return jsonify(
                role_assignments=[
                    {
                        "user": {"id": world.users[u]["id"], "name": u},
                        "role": world.roles[r],
                        "scope": {"project": {"id": world.projects[p]["id"], "name": p}},
                    }
                    for u, p, r in world.grants
                ],
                links={},
            )
        if kind not in tables:
            return jsonify({kind: [], "links": {}})
        if request.method == "POST":
            given = request.get_json()[kind[:-1]]
            if given["name"] in tables[kind]:
                return _error(
                    409, f"Conflict occurred attempting to store {kind[:-1]} - Duplicate entry."
                )
            thing = {
                "id": new_id().replace("-", ""),
                "enabled": True,
                "domain_id": "default",
                "totp": "",
                "description": "",
            } | given
            tables[kind][given["name"]] = thing
            return jsonify({kind[:-1]: shown(thing)}), 201
        return jsonify({kind: [shown(t) for t in tables[kind].values()], "links": {}})

    @api.route(
        "/v3/<any(users,projects,roles):kind>/<thing_id>", methods=["GET", "PATCH", "DELETE"]
    )
    def one(kind: str, thing_id: str) -> Any:
        table = {"projects": world.projects, "users": world.users, "roles": world.roles}[kind]
        thing = next((t for t in table.values() if t["id"] == thing_id), None)
        if admin_only() and (kind != "users" or g.token["user"] is not thing):
            return admin_only()
        if thing is None:
            return _error(404, f"Could not find {kind[:-1]}: {thing_id}.")
        if request.method == "DELETE":
            del table[thing["name"]]
            return Response(status=204)
        if request.method == "PATCH":
            thing.update(request.get_json()[kind[:-1]])
        return jsonify({kind[:-1]: shown(thing)})

    @api.route(
        "/v3/projects/<project_id>/users/<user_id>/roles/<role_id>", methods=["PUT", "DELETE"]
    )
    def grant(project_id: str, user_id: str, role_id: str) -> Any:
        if admin_only():
            return admin_only()
        names = [
            next(n for n, t in table.items() if t["id"] == i)
            for table, i in (
                (world.users, user_id),
                (world.projects, project_id),
                (world.roles, role_id),
            )
        ]
        entry = (names[0], names[1], names[2])
        if request.method == "PUT":
            world.grants.append(entry)
        else:
            world.grants.remove(entry)
        return Response(status=204)


def _credentials(api: Blueprint, world: World) -> None:
    @api.route("/v3/users/<user_id>/application_credentials", methods=["GET", "POST"])
    def app_credentials(user_id: str) -> Any:
        if request.method == "POST":
            given = request.get_json()["application_credential"]
            made = {
                "id": new_id().replace("-", ""),
                "secret": secrets.token_urlsafe(24),
                "description": "",
                "expires_at": None,
                "unrestricted": False,
                "project_id": g.token["project"]["id"],
                "user": g.token["user"],
                "project": g.token["project"],
                "roles": [],
            } | given
            world.credentials[made["id"]] = made
            return jsonify(
                application_credential={
                    k: v for k, v in made.items() if k not in ("user", "project")
                }
            ), 201
        return jsonify(
            application_credentials=[
                {k: v for k, v in c.items() if k not in ("user", "project", "secret")}
                for c in world.credentials.values()
                if c["user"]["id"] == user_id
            ],
            links={},
        )

    @api.delete("/v3/users/<user_id>/application_credentials/<cred_id>")
    def drop(user_id: str, cred_id: str) -> Any:
        return Response(status=204 if world.credentials.pop(cred_id, None) else 404)

    @api.route("/v3/users/<user_id>/credentials/OS-EC2", methods=["GET", "POST"])
    def ec2(user_id: str) -> Any:
        if request.method == "POST":
            made = {
                "access": secrets.token_hex(16),
                "secret": secrets.token_hex(16),
                "user_id": user_id,
                "tenant_id": request.get_json()["tenant_id"],
            }
            world.ec2[made["access"]] = made
            return jsonify(credential=made), 201
        return jsonify(
            credentials=[c for c in world.ec2.values() if c["user_id"] == user_id], links={}
        )

    @api.delete("/v3/users/<user_id>/credentials/OS-EC2/<access>")
    def drop_ec2(user_id: str, access: str) -> Any:
        return Response(status=204 if world.ec2.pop(access, None) else 404)
