"""Members, and who sees what in lists."""

import pytest


def names(client, query=""):
    return sorted(i["name"] for i in client.ok("GET", "/v2/images" + query)["images"])


def test_a_shared_image_is_offered_accepted_and_rejected(cloud, member, other):
    image = cloud.active(member, b"shared", name="s")
    path = f"/v2/images/{image['id']}"
    assert other.get(path).status_code == 404
    added = member.ok("POST", path + "/members", json={"member": "project-2"}, status=200)
    assert (added["member_id"], added["image_id"], added["status"], added["schema"]) == (
        "project-2",
        image["id"],
        "pending",
        "/v2/schemas/member",
    )
    assert other.get(path + "/file").data == b"shared"
    assert names(other) == []
    assert names(other, "?visibility=shared&member_status=pending") == ["s"]
    mine = path + "/members/project-2"
    assert member.put(mine, json={"status": "accepted"}).status_code == 403
    assert other.ok("PUT", mine, json={"status": "accepted"})["status"] == "accepted"
    assert names(other) == ["s"]
    assert other.ok("PUT", mine, json={"status": "rejected"})["status"] == "rejected"
    assert names(other) == []
    assert names(other, "?member_status=rejected&visibility=shared") == ["s"]
    assert names(other, "?member_status=all&visibility=shared") == ["s"]


def test_members_see_only_themselves(cloud, member, other):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/members"
    for project in ("project-2", "project-3"):
        assert member.post(path, json={"member": project}).status_code == 200
    assert len(member.ok("GET", path)["members"]) == 2
    assert [m["member_id"] for m in other.ok("GET", path)["members"]] == ["project-2"]
    assert other.get(path + "/project-2").status_code == 200
    assert other.get(path + "/project-3").status_code == 404
    assert other.put(path + "/project-3", json={"status": "accepted"}).status_code == 404
    assert other.delete(path + "/project-2").status_code == 403
    assert other.post(path, json={"member": "project-4"}).status_code == 403
    assert member.delete(path + "/project-2").status_code == 204
    assert member.delete(path + "/project-2").status_code == 404
    assert other.get(path).status_code == 404


@pytest.mark.parametrize(
    "body, word",
    [({}, "member"), ({"member": 5}, "member"), ({"member": ""}, "member"), ([], "object")],
)
def test_a_bad_member_is_refused_by_name(cloud, member, body, word):
    image = cloud.create(member)
    answer = member.post(f"/v2/images/{image['id']}/members", json=body)
    assert answer.status_code == 400 and word in answer.get_json()["message"]


def test_sharing_has_rules(make_cloud):
    cloud = make_cloud(**{"image.members_most": 1})
    member = cloud.client()
    private = cloud.create(member, visibility="private")
    answer = member.post(f"/v2/images/{private['id']}/members", json={"member": "p"})
    assert answer.status_code == 403
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/members"
    assert member.post(path, json={"member": "p"}).status_code == 200
    assert member.post(path, json={"member": "p"}).status_code == 409
    assert member.post(path, json={"member": "q"}).status_code == 413
    assert member.put(path + "/p", json={"status": "perhaps"}).status_code == 400


def test_each_visibility_has_its_audience(cloud, member, other, admin):
    for visibility in ("private", "shared", "community"):
        cloud.create(member, name=visibility, visibility=visibility)
    cloud.create(admin, name="public", visibility="public")
    assert names(member) == ["community", "private", "public", "shared"]
    assert names(other) == ["public"]
    assert names(other, "?visibility=community") == ["community"]
    assert names(other, "?visibility=all") == ["community", "public"]
    assert names(other, "?visibility=private") == []
    assert names(member, "?visibility=private") == ["private"]
    assert names(member, "?visibility=shared") == ["shared"]
    assert names(admin) == ["community", "private", "public", "shared"]
    community = member.ok("GET", "/v2/images?visibility=community")["images"][0]
    assert other.get(f"/v2/images/{community['id']}").status_code == 200
