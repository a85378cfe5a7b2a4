"Every URL of the dashboard, filled in with things that exist in the stand-in."

from __future__ import annotations

from flask import Flask

from tests.fakes.cloud_api import FakeCloud

OPEN = {
    "auth.login_page",
    "auth.login",
    "auth.logout",
    "static",
    "websso.begin",
    "websso.end",
}


def paths(
    app: Flask, cloud: FakeCloud, method: str, *, volume: bool = False
) -> list[tuple[str, str]]:
    "(endpoint, path) of every route with `method` that needs somebody logged in."
    values = _values(cloud)
    found = []
    for rule in app.url_map.iter_rules():
        if (
            method not in (rule.methods or ())
            or rule.endpoint in OPEN
            or (rule.endpoint.startswith("volumes.") and not volume)
        ):
            continue
        given = {
            name: values.get((rule.endpoint.split(".")[0], name)) or values.get(("", name))
            for name in rule.arguments
        }
        with app.test_request_context():
            url = rule.build(given, append_unknown=False)
        assert url is not None, rule
        found.append((rule.endpoint, url[1]))
    return found


def _values(cloud: FakeCloud) -> dict[tuple[str, str], object]:
    world = cloud.world
    server = next(iter(world.servers.values()), None) or world.add_server("first")
    first = {
        kind: next(iter(things), "00000000-0000-0000-0000-000000000000")
        for kind, things in world.network.items()
    }
    missing = "00000000-0000-0000-0000-000000000000"
    return {
        ("", "server_id"): server["id"],
        ("", "image_id"): next(iter(world.images)),
        ("", "network_id"): first["networks"],
        ("", "router_id"): first["routers"],
        ("", "group_id"): first["security_groups"],
        ("", "subnet_id"): first["subnets"],
        ("", "port_id"): first["ports"],
        ("", "rule_id"): missing,
        ("", "ip_id"): missing,
        ("", "thing_id"): missing,
        ("", "volume_id"): missing,
        ("", "snapshot_id"): missing,
        ("", "migration_id"): 1,
        ("", "number"): 1,
        ("", "host"): "node1",
        ("", "service_id"): world.services[0]["id"],
        ("", "flavor_id"): "1",
        ("", "container"): "box",
        ("", "credential_id"): "abc",
        ("", "access"): "abc",
        ("", "project_id"): world.projects["demo"]["id"],
        ("", "user_id"): world.users["demo"]["id"],
        ("", "who_id"): world.users["demo"]["id"],
        ("", "role_id"): world.roles["member"]["id"],
        ("servers", "verb"): "start",
        ("aggregates", "verb"): "add",
        ("people", "verb"): "disable",
        ("networks", "kind"): "ports",
        ("people", "kind"): "users",
        ("servers", "kind"): "vnc",
        ("", "way"): "down",
    }
