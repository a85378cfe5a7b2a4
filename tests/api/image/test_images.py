"""Images as records: versions, schemas, create, show, list, patch, delete."""

import json
import uuid

import pytest

V20 = "application/openstack-images-v2.0-json-patch"


def test_versions_are_shown_to_everybody(cloud):
    anonymous = cloud.client(roles=())
    answer = anonymous.get("/")
    assert answer.status_code == 300
    versions = answer.get_json()["versions"]
    assert versions[0] == {
        "id": "v2.17",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": "http://localhost/v2/"}],
    }
    assert {v["status"] for v in versions[1:]} == {"SUPPORTED"}
    assert anonymous.get("/versions").status_code == 200
    assert anonymous.get("/v2/images").status_code == 401


def test_an_image_is_created_with_every_attribute(cloud, member):
    answer = member.post(
        "/v2/images",
        json={
            "name": "größe",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 3,
            "min_ram": 64,
            "tags": ["b", "a", "a"],
            "protected": True,
            "os_hidden": True,
            "visibility": "private",
            "os_distro": "debian",
            "hw:odd": "",
        },
    )
    assert answer.status_code == 201
    image = answer.get_json()
    assert answer.headers["Location"] == f"/v2/images/{image['id']}"
    assert "glance-direct" in answer.headers["OpenStack-image-import-methods"]
    assert answer.headers["OpenStack-image-store-ids"] == "local"
    assert image == {
        "os_distro": "debian",
        "hw:odd": "",
        "name": "größe",
        "disk_format": "qcow2",
        "container_format": "bare",
        "visibility": "private",
        "size": None,
        "virtual_size": None,
        "status": "queued",
        "checksum": None,
        "protected": True,
        "min_ram": 64,
        "min_disk": 3,
        "owner": "project-1",
        "os_hidden": True,
        "os_hash_algo": None,
        "os_hash_value": None,
        "id": image["id"],
        "created_at": image["created_at"],
        "updated_at": image["updated_at"],
        "tags": ["a", "b"],
        "self": f"/v2/images/{image['id']}",
        "file": f"/v2/images/{image['id']}/file",
        "schema": "/v2/schemas/image",
    }
    assert member.ok("GET", f"/v2/images/{image['id']}") == image


def test_defaults_are_those_of_the_api(cloud, member):
    image = member.ok("POST", "/v2/images", json={}, status=201)
    assert (image["visibility"], image["status"], image["name"], image["disk_format"]) == (
        "shared",
        "queued",
        None,
        None,
    )
    assert image["tags"] == [] and image["protected"] is False and image["min_disk"] == 0


@pytest.mark.parametrize(
    "body, code, word",
    [
        ({"disk_format": "floppy"}, 400, "disk_format"),
        ({"container_format": "box"}, 400, "container_format"),
        ({"name": 7}, 400, "name"),
        ({"name": "x" * 256}, 400, "name"),
        ({"min_disk": -1}, 400, "min_disk"),
        ({"min_ram": "many"}, 400, "min_ram"),
        ({"min_ram": 2**31}, 400, "min_ram"),
        ({"visibility": "secret"}, 400, "visibility"),
        ({"id": "not-a-uuid"}, 400, "id"),
        ({"tags": "one"}, 400, "tags"),
        ({"tags": ["x" * 256]}, 400, "tags"),
        ({"protected": "maybe"}, 400, "protected"),
        ({"custom": 5}, 400, "custom"),
        ({"custom": {"a": 1}}, 400, "custom"),
        ({"status": "active"}, 403, "status"),
        ({"size": 5}, 403, "size"),
        ({"checksum": "0"}, 403, "checksum"),
        ({"self": "/"}, 403, "self"),
        ({"os_glance_secret": "x"}, 403, "os_glance_secret"),
        ({"visibility": "public"}, 403, "publicize_image"),
        ({"owner": "project-2"}, 403, "owner"),
        ([], 400, "object"),
    ],
)
def test_a_bad_image_is_refused_by_name(cloud, member, body, code, word):
    answer = member.post("/v2/images", json=body)
    assert answer.status_code == code
    error = answer.get_json()
    assert word in error["message"]
    assert error["code"].startswith(str(code)) and error["title"]


def test_junk_is_not_json(cloud, member):
    answer = member.post("/v2/images", data=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_an_id_is_used_once(cloud, member, other):
    image_id = str(uuid.uuid4())
    assert member.post("/v2/images", json={"id": image_id}).status_code == 201
    assert member.post("/v2/images", json={"id": image_id}).status_code == 409
    assert other.post("/v2/images", json={"id": image_id}).status_code == 409


def test_others_do_not_see_private_images(cloud, member, other, admin):
    image = cloud.create(member, visibility="private")
    path = f"/v2/images/{image['id']}"
    for answer in (
        other.get(path),
        other.delete(path),
        other.get(path + "/file"),
        cloud.patch(other, image["id"], {"op": "remove", "path": "/x"}),
        cloud.upload(other, image["id"], b"x"),
        other.put(path + "/tags/x"),
    ):
        assert answer.status_code == 404
    assert admin.get(path).status_code == 200
    assert cloud.client(project_id="cpu", roles=("service",)).get(path).status_code == 200


@pytest.mark.parametrize("image_id", ["x", "0", "5e2c1f64-9d0f-4c57-9d0a-0d8a4f1b7e11", "%20", "é"])
def test_an_unknown_image_is_404(cloud, member, image_id):
    assert member.get(f"/v2/images/{image_id}").status_code == 404
    assert member.delete(f"/v2/images/{image_id}").status_code == 404


def test_no_id_at_all_is_404(cloud, member):
    assert member.get("/v2/images/").status_code == 404
    assert member.delete("/v2/images/").status_code == 404


def test_public_images_are_seen_but_not_changed(cloud, other, admin):
    image = cloud.create(admin, visibility="public")
    path = f"/v2/images/{image['id']}"
    assert other.get(path).status_code == 200
    assert other.delete(path).status_code == 403
    assert (
        cloud.patch(
            other, image["id"], {"op": "replace", "path": "/name", "value": "mine"}
        ).status_code
        == 403
    )


def test_a_reader_only_reads(cloud, member):
    image = cloud.active(member)
    reader = cloud.client(project_id="project-1", roles=("reader",))
    path = f"/v2/images/{image['id']}"
    assert reader.get(path).status_code == 200
    assert reader.post("/v2/images", json={}).status_code == 403
    assert reader.delete(path).status_code == 403
    assert reader.get(path + "/file").status_code == 403


def test_a_patch_changes_everything_it_names(cloud, member):
    image = cloud.create(member, old="1", gone="2")
    answer = cloud.patch(
        member,
        image["id"],
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "add", "path": "/os_distro", "value": "debian"},
        {"op": "replace", "path": "/old", "value": "3"},
        {"op": "remove", "path": "/gone"},
        {"op": "replace", "path": "/tags", "value": ["x", "y"]},
        {"op": "replace", "path": "/min_ram", "value": 512},
        {"op": "add", "path": "/a~1b~0c", "value": "slash"},
    )
    assert answer.status_code == 200
    changed = answer.get_json()
    assert (
        changed["name"],
        changed["os_distro"],
        changed["old"],
        changed["tags"],
        changed["min_ram"],
        changed["a/b~c"],
    ) == ("new", "debian", "3", ["x", "y"], 512, "slash")
    assert "gone" not in changed
    assert member.ok("GET", f"/v2/images/{image['id']}") == changed
    assert changed in member.ok("GET", "/v2/images")["images"]


def test_the_old_patch_type_works(cloud, member):
    image = cloud.create(member, drop="x")
    answer = member.patch(
        f"/v2/images/{image['id']}",
        headers={"Content-Type": V20},
        data=json.dumps(
            [{"replace": "/name", "value": "n"}, {"add": "/k", "value": "v"}, {"remove": "/drop"}]
        ),
    )
    assert answer.status_code == 200
    assert answer.get_json()["name"] == "n" and answer.get_json()["k"] == "v"
    assert "drop" not in answer.get_json()


@pytest.mark.parametrize(
    "operation, code",
    [
        ({"op": "replace", "path": "/missing", "value": "x"}, 409),
        ({"op": "remove", "path": "/missing"}, 409),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "replace", "path": "/id", "value": str(uuid.uuid4())}, 403),
        ({"op": "replace", "path": "/status", "value": "active"}, 403),
        ({"op": "replace", "path": "/owner", "value": "project-2"}, 403),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
        ({"op": "add", "path": "/os_glance_x", "value": "1"}, 403),
        ({"op": "replace", "path": "/visibility", "value": "none"}, 400),
        ({"op": "replace", "path": "/name", "value": 5}, 400),
        ({"op": "add", "path": "/k", "value": 5}, 400),
        ({"op": "add", "path": "/k"}, 400),
        ({"op": "move", "path": "/k", "from": "/name"}, 400),
        ({"op": "add", "path": "k", "value": "x"}, 400),
        ({"op": "add", "path": "/", "value": "x"}, 400),
        ({"op": "add", "path": "/a/b", "value": "x"}, 400),
        ({"op": "add", "path": "/a~2", "value": "x"}, 400),
        ({"op": "add", "path": 5, "value": "x"}, 400),
        ("text", 400),
    ],
)
def test_a_bad_patch_changes_nothing(cloud, member, operation, code):
    image = cloud.create(member)
    answer = cloud.patch(
        member, image["id"], {"op": "replace", "path": "/name", "value": "new"}, operation
    )
    assert answer.status_code == code
    assert member.ok("GET", f"/v2/images/{image['id']}") == image


def test_a_patch_needs_its_media_type(cloud, member):
    image = cloud.create(member)
    answer = member.patch(f"/v2/images/{image['id']}", json=[])
    assert answer.status_code == 415
    assert "openstack-images-v2.1-json-patch" in answer.headers["Accept-Patch"]


def test_formats_are_fixed_once_there_is_data(cloud, member):
    image = cloud.create(member)
    change = {"op": "replace", "path": "/disk_format", "value": "iso"}
    assert cloud.patch(member, image["id"], change).status_code == 200
    image = cloud.active(member)
    assert cloud.patch(member, image["id"], change).status_code == 403


def test_a_protected_image_stays(cloud, member):
    image = cloud.create(member, protected=True)
    assert member.delete(f"/v2/images/{image['id']}").status_code == 403
    cloud.patch(member, image["id"], {"op": "replace", "path": "/protected", "value": False})
    assert member.delete(f"/v2/images/{image['id']}").status_code == 204
    assert member.get(f"/v2/images/{image['id']}").status_code == 404
    assert member.delete(f"/v2/images/{image['id']}").status_code == 404


def test_tags_come_and_go(cloud, member, other):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/tags/"
    for _ in range(2):
        assert member.put(path + "blue sky").status_code == 204
    assert member.ok("GET", f"/v2/images/{image['id']}")["tags"] == ["blue sky"]
    assert member.delete(path + "blue sky").status_code == 204
    assert member.delete(path + "blue sky").status_code == 404
    assert member.put(path + "x" * 256).status_code == 400
    assert member.put(f"/v2/images/{uuid.uuid4()}/tags/x").status_code == 404


def test_numbers_of_properties_and_tags_are_limited(make_cloud):
    cloud = make_cloud(**{"image.properties_most": 2, "image.tags_most": 2})
    member = cloud.client()
    assert member.post("/v2/images", json={"a": "1", "b": "2", "c": "3"}).status_code == 413
    image = cloud.create(member, a="1", b="2", tags=["x", "y"])
    assert (
        cloud.patch(member, image["id"], {"op": "add", "path": "/c", "value": "3"}).status_code
        == 413
    )
    assert member.put(f"/v2/images/{image['id']}/tags/z").status_code == 413
    assert (
        cloud.patch(member, image["id"], {"op": "replace", "path": "/a", "value": "3"}).status_code
        == 200
    )


def test_deactivation_stops_downloads(cloud, member, admin):
    image = cloud.active(member, b"abc")
    path = f"/v2/images/{image['id']}"
    reader = cloud.client(project_id="project-1", roles=("reader",))
    assert reader.post(path + "/actions/deactivate").status_code == 403
    assert member.post(path + "/actions/deactivate").status_code == 204
    assert member.ok("GET", path)["status"] == "deactivated"
    assert member.get(path + "/file").status_code == 403
    assert admin.get(path + "/file").data == b"abc"
    assert admin.post(path + "/actions/reactivate").status_code == 204
    assert member.get(path + "/file").data == b"abc"
    queued = cloud.create(member)
    assert admin.post(f"/v2/images/{queued['id']}/actions/deactivate").status_code == 403


@pytest.mark.parametrize("name", ["image", "images", "member", "members", "task", "tasks"])
def test_schemas_are_published(cloud, member, name):
    assert member.ok("GET", f"/v2/schemas/{name}")["name"] == name
    assert member.get("/v2/schemas/none").status_code == 404
