"""Metadata definitions: namespaces, objects, properties, tags, resource types, and the
catalogue."""

import jsonschema
import pytest

from common.schema import Schema
from image.core import metadefs
from image.core.catalogue import NAMESPACES

BASE = "/v2/metadefs/namespaces"


@pytest.fixture
def space(cloud, admin):
    "A public namespace with a bit of everything."
    return admin.ok(
        "POST",
        BASE,
        status=201,
        json={
            "namespace": "My::Space",
            "display_name": "Mine",
            "description": "d",
            "visibility": "public",
            "properties": {"size": {"title": "Size", "type": "integer", "minimum": 1}},
            "objects": [
                {
                    "name": "o",
                    "required": ["k"],
                    "properties": {"k": {"title": "K", "type": "string"}},
                }
            ],
            "tags": [{"name": "t1"}],
            "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:"}],
        },
    )


def test_a_namespace_is_made_whole(cloud, admin, member, space):
    shown = member.ok("GET", f"{BASE}/My::Space")
    assert shown == space
    assert shown["properties"]["size"]["minimum"] == 1
    assert shown["objects"][0]["required"] == ["k"] and shown["tags"] == [{"name": "t1"}]
    assert shown["resource_type_associations"][0]["prefix"] == "hw:"
    assert shown["self"] == f"{BASE}/My::Space" and shown["owner"] == "admins"
    prefixed = member.ok("GET", f"{BASE}/My::Space?resource_type=OS::Nova::Flavor")
    assert list(prefixed["properties"]) == ["hw:size"]
    assert member.get(f"{BASE}/My::Space?resource_type=OS::X").status_code == 404
    types = member.ok("GET", "/v2/metadefs/resource_types")["resource_types"]
    assert [t["name"] for t in types] == ["OS::Nova::Flavor"]


def test_namespaces_change_and_go(cloud, admin, member, space):
    path = f"{BASE}/My::Space"
    body = {"namespace": "New", "visibility": "private", "protected": True}
    assert member.put(path, json=body).status_code == 403
    assert admin.ok("PUT", path, json=body)["namespace"] == "New"
    assert member.get(f"{BASE}/New").status_code == 404
    assert admin.get(path).status_code == 404
    assert admin.delete(f"{BASE}/New").status_code == 403
    admin.ok("PUT", f"{BASE}/New", json={"namespace": "New", "protected": False})
    assert admin.delete(f"{BASE}/New").status_code == 204
    assert admin.get(f"{BASE}/New").status_code == 404
    assert member.post(BASE, json={"namespace": "mine"}).status_code == 403


@pytest.mark.parametrize(
    "body, code, word",
    [
        ({}, 400, "namespace"),
        ({"namespace": 5}, 400, "namespace"),
        ({"namespace": "x" * 81}, 400, "namespace"),
        ({"namespace": "n", "visibility": "x"}, 400, "visib"),
        ({"namespace": "n", "other": 1}, 400, "other"),
        ({"namespace": "n", "properties": {"p": {"type": "integer"}}}, 400, "title"),
        ({"namespace": "n", "objects": [{}]}, 400, "name"),
        ({"namespace": "My::Space"}, 409, "exists"),
    ],
)
def test_a_bad_namespace_is_refused_by_name(cloud, admin, space, body, code, word):
    answer = admin.post(BASE, json=body)
    assert answer.status_code == code and word in answer.get_json()["message"]


@pytest.mark.parametrize(
    "kind, body, changed",
    [
        (
            "objects",
            {"name": "x", "description": "d", "properties": {}},
            {"name": "y", "description": "e"},
        ),
        (
            "properties",
            {"name": "x", "title": "X", "type": "string", "enum": ["a"]},
            {"name": "y", "title": "Y", "type": "integer"},
        ),
    ],
)
def test_members_come_change_and_go(cloud, admin, member, space, kind, body, changed):
    path = f"{BASE}/My::Space/{kind}"
    assert member.post(path, json=body).status_code == 403
    added = admin.ok("POST", path, json=body, status=201)
    assert body.items() <= added.items()
    assert admin.post(path, json=body).status_code == 409
    assert member.ok("GET", f"{path}/x") == added
    listed = member.ok("GET", path)[kind]
    assert ("x" in listed) if kind == "properties" else ("x" in [o["name"] for o in listed])
    assert changed.items() <= admin.ok("PUT", f"{path}/x", json=changed).items()
    assert member.get(f"{path}/x").status_code == 404
    assert member.delete(f"{path}/y").status_code == 403
    assert admin.delete(f"{path}/y").status_code == 204
    assert admin.delete(f"{path}/y").status_code == 404
    assert admin.put(f"{path}/y", json=changed).status_code == 404
    assert admin.post(path, json={"title": "no name"}).status_code == 400
    assert admin.delete(path).status_code == 204
    assert not member.ok("GET", path)[kind]


def test_tags(cloud, admin, member, space):
    path = f"{BASE}/My::Space/tags"
    body = {"tags": [{"name": "a"}, {"name": "b"}]}
    assert admin.ok("POST", path, json=body, status=201)["tags"] == body["tags"]
    assert [t["name"] for t in member.ok("GET", path)["tags"]] == ["a", "b"]
    assert (
        admin.post(
            path, json={"tags": [{"name": "c"}]}, headers={"X-Openstack-Append": "true"}
        ).status_code
        == 201
    )
    assert [t["name"] for t in member.ok("GET", path + "?limit=2")["tags"]] == ["a", "b"]
    following = member.ok("GET", path + "?limit=2")["next"]
    assert [t["name"] for t in member.ok("GET", following)["tags"]] == ["c"]
    assert admin.post(path + "/d").status_code == 201
    assert admin.post(path + "/d").status_code == 409
    assert admin.ok("PUT", path + "/d", json={"name": "e"})["name"] == "e"
    assert member.get(path + "/e").status_code == 200
    assert admin.delete(path + "/e").status_code == 204
    assert admin.post(path, json={"tags": [{"name": "z"}, {"name": "z"}]}).status_code == 409
    assert admin.post(path, json={"tags": "z"}).status_code == 400
    assert admin.delete(path).status_code == 204
    assert member.ok("GET", path)["tags"] == []


def test_associations(cloud, admin, member, space):
    path = f"{BASE}/My::Space/resource_types"
    assert (
        admin.ok("POST", path, json={"name": "OS::X", "prefix": "x_"}, status=201)["prefix"] == "x_"
    )
    assert admin.post(path, json={"name": "OS::X"}).status_code == 409
    names = [a["name"] for a in member.ok("GET", path)["resource_type_associations"]]
    assert names == ["OS::Nova::Flavor", "OS::X"]
    prop = member.ok("GET", f"{BASE}/My::Space/properties/x_size?resource_type=OS::X")
    assert prop["name"] == "x_size" and prop["type"] == "integer"
    assert member.delete(path + "/OS::X").status_code == 403
    assert admin.delete(path + "/OS::X").status_code == 204
    assert admin.delete(path + "/OS::X").status_code == 404


def test_lists_are_filtered_and_paged(cloud, admin, member, space):
    for n in range(4):
        admin.ok("POST", BASE, json={"namespace": f"n{n}", "visibility": "public"}, status=201)
    admin.ok("POST", BASE, json={"namespace": "hidden", "visibility": "private"}, status=201)
    seen, link = [], BASE + "?limit=2&sort_key=namespace&sort_dir=asc"
    while link:
        page = member.ok("GET", link)
        seen += [n["namespace"] for n in page["namespaces"]]
        link = page.get("next")
    assert seen == ["My::Space", "n0", "n1", "n2", "n3"]
    found = member.ok("GET", BASE + "?resource_types=OS::Nova::Flavor,OS::Y")["namespaces"]
    assert [n["namespace"] for n in found] == ["My::Space"]
    assert member.ok("GET", BASE + "?visibility=private")["namespaces"] == []
    for query in ("marker=none", "limit=x", "sort_key=x", "sort_dir=x", "visibility=x"):
        assert member.get(f"{BASE}?{query}").status_code == 400


@pytest.mark.parametrize(
    "name",
    [
        "namespace",
        "namespaces",
        "object",
        "objects",
        "property",
        "properties",
        "tag",
        "tags",
        "resource_type",
        "resource_types",
    ],
)
def test_schemas_are_published(cloud, member, name):
    assert "properties" in member.ok("GET", f"/v2/schemas/metadefs/{name}")
    assert member.get("/v2/schemas/metadefs/none").status_code == 404


def test_the_catalogue_is_loaded_once(cloud, admin, member):
    assert metadefs.load(cloud.deps, NAMESPACES, only_if_empty=True) == len(NAMESPACES)
    assert metadefs.load(cloud.deps, NAMESPACES) == 0
    listed = member.ok("GET", BASE + "?limit=100")["namespaces"]
    assert {
        "OS::Compute::LibvirtImage",
        "OS::Glance::CommonImageProperties",
        "OS::Compute::Quota",
    } <= {n["namespace"] for n in listed}
    for entry in listed:
        whole = member.ok("GET", entry["self"])
        for schema in whole.get("properties", {}).values():
            jsonschema.Draft202012Validator.check_schema(schema)
            if "default" in schema:
                Schema(schema).check(schema["default"])
    devices = member.ok("GET", f"{BASE}/OS::Compute::LibvirtImage")
    assert "virtio" in devices["properties"]["hw_disk_bus"]["enum"]
