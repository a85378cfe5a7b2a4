"""Details that clients of Swift rely on, each found with Swift's own functional tests."""

import hmac
import json
import re
import time

import pytest

from objectstore.keeper import expirer
from tests.api.objectstore.swift import Swift

OTHER = "22222222222222222222222222222222"


def test_versions_are_listed_as_json_only_and_everywhere(swift):
    swift.put("c/o", b"x")
    rows = swift.get("c?versions").get_json()
    assert [(r["name"], r["version_id"], r["is_latest"]) for r in rows] == [("o", "null", True)]
    for form in ("plain", "xml"):
        assert swift.get(f"c?versions&format={form}").status_code == 406
    assert swift.get("c?versions", Accept="text/plain").status_code == 406


def test_a_marker_of_nothing(swift):
    "DELETE of what is not there leaves a marker where versions are kept, and is still a 404."
    swift.post("c", X_Versions_Enabled="true")
    gone = swift.delete("c/o")
    assert gone.status_code == 404 and gone.headers["X-Object-Version-Id"]
    marker = swift.get(f"c/o?version-id={gone.headers['X-Object-Version-Id']}")
    assert marker.status_code == 404
    assert marker.headers.get_all("Content-Type") == [
        "application/x-deleted;swift_versions_deleted=1"
    ]
    assert len(swift.get("c?versions").get_json()) == 1


def test_older_versions_are_the_owners(swift, app):
    other = Swift(app, OTHER, account=swift.account, user_id="u2")
    swift.post("c", X_Versions_Enabled="true", X_Container_Read=f"{OTHER}:u2")
    version = swift.put("c/o", b"1").headers["X-Object-Version-Id"]
    assert other.get("c/o").data == b"1"
    assert other.get(f"c/o?version-id={version}").status_code == 403
    reader = Swift(app, roles=("reader",))
    assert reader.get(f"c/o?version-id={version}").data == b"1"
    for bad in ("junk", "1.123456"):
        assert swift.get(f"c/o?version-id={bad}").status_code == 400
    assert swift.put("c/o?version-id=null").status_code == 400


def test_expiry_takes_the_object_and_leaves_the_version(swift, deps):
    swift.post("c", X_Versions_Enabled="true")
    version = swift.put("c/o", b"1", X_Delete_After="1").headers["X-Object-Version-Id"]
    end = time.monotonic() + 15
    while swift.get("c/o").status_code != 404:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert swift.get(f"c/o?version-id={version}").data == b"1"
    expirer.expire(deps)
    assert swift.get(f"c/o?version-id={version}").data == b"1"


def test_stack_mode_takes_back_a_delete_of_history_mode(swift):
    swift.put("old")
    swift.post("c", X_History_Location="old")
    swift.put("c/o", b"1")
    swift.put("c/o", b"2")
    swift.delete("c/o")
    assert swift.get("c/o").status_code == 404 and len(swift.names("old")) == 3
    swift.post("c", X_Versions_Location="old", X_Remove_History_Location="x")
    assert swift.delete("c/o").status_code == 204
    assert swift.get("c/o").data == b"2" and len(swift.names("old")) == 1
    swift.delete("c/o")
    assert swift.get("c/o").data == b"1"
    swift.delete("c/o")
    assert swift.delete("c/o").status_code == 404


def test_static_links_through_links_and_to_large_objects(swift):
    etag = swift.put("c/target", b"data", Content_Type="text/t").headers["Etag"]
    swift.put("c/one", b"", X_Symlink_Target="c/target", X_Symlink_Target_Etag=etag)
    made = swift.put("c/two", b"", X_Symlink_Target="c/one", X_Symlink_Target_Etag=etag)
    assert made.status_code == 201 and swift.get("c/two").data == b"data"
    rows = {r["name"]: r for r in swift.get("c?format=json").get_json()}
    assert rows["one"]["content_type"] == "text/t" and rows["one"]["symlink_bytes"] == 4
    wrong = swift.put("c/x", b"", X_Symlink_Target="c/two", X_Symlink_Target_Etag="f" * 32)
    assert wrong.status_code == 409 and b"does not match X-Symlink-Target-Etag" in wrong.data
    swift.put("c/target", b"other")
    changed = swift.get("c/two")
    assert changed.status_code == 409
    assert changed.headers["Content-Location"] == f"/v1/{swift.account}/c/target"
    body = json.dumps([{"path": "/c/target"}]).encode()
    slo = swift.put("c/large?multipart-manifest=put", body).headers["Etag"].strip('"')
    manifest = swift.head("c/large").headers["X-Manifest-Etag"]
    assert (
        swift.put("c/l", b"", X_Symlink_Target="c/large", X_Symlink_Target_Etag=slo).status_code
        == 409
    )
    link = {"X_Symlink_Target": "c/large", "X_Symlink_Target_Etag": manifest}
    assert swift.put("c/l", b"", **link).status_code == 201
    assert swift.get("c/l").data == b"other"
    unmet = swift.get("c/l", If_Match="other")
    assert unmet.status_code == 412 and unmet.headers["Content-Location"].endswith("/c/large")


def test_post_to_a_link(swift):
    swift.put("c/l", b"", X_Symlink_Target="c/nowhere")
    answer = swift.post("c/l", X_Object_Meta_A="1")
    assert (answer.status_code, answer.headers["Location"]) == (
        307,
        f"/v1/{swift.account}/c/nowhere",
    )
    assert swift.head("c/l?symlink=get").headers["X-Object-Meta-A"] == "1"
    lost = swift.get("c/l")
    assert lost.status_code == 404 and lost.headers["Content-Location"].endswith("/c/nowhere")
    swift.put("c/o", b"")
    assert swift.post("c/o", X_Symlink_Target="c/x").status_code == 400
    assert swift.put("c/l2", b"", X_Symlink_Target="nothing").status_code == 412


@pytest.fixture
def large(swift):
    for name, data in (("a", b"aaaa"), ("b", b"bb"), ("d", b"d")):
        swift.put(f"c/{name}", data)
    body = json.dumps([{"path": f"/c/{n}"} for n in "abd"]).encode()
    assert swift.put("c/large?multipart-manifest=put", body).status_code == 201
    return swift


def test_parts_of_a_large_object(large):
    for number, (data, span) in enumerate(
        ((b"aaaa", "0-3"), (b"bb", "4-5"), (b"d", "6-6")), start=1
    ):
        part = large.get(f"c/large?part-number={number}")
        assert (part.status_code, part.data) == (206, data)
        assert part.headers["Content-Range"] == f"bytes {span}/7"
        assert part.headers["X-Parts-Count"] == "3"
    beyond = large.get("c/large?part-number=4")
    assert beyond.status_code == 416 and beyond.headers["Content-Range"] == "bytes */7"
    for bad in ("0", "-1", "x", ""):
        assert large.get(f"c/large?part-number={bad}").status_code == 400
    assert large.get("c/a?part-number=2").data == b"aaaa"
    large.copy("c/large?part-number=2", Destination="c/part")
    assert large.get("c/part").data == b"bb"
    large.copy("c/large", Destination="c/range", Range="bytes=3-4")
    assert large.get("c/range").data == b"ab"


def test_a_manifest_names_neither_itself_nor_what_is_missing_elsewhere(large, app):
    body = json.dumps([{"path": "/c/a"}]).encode()
    assert large.put("c/a?multipart-manifest=put", body).status_code == 400
    assert large.get("c/a").data == b"aaaa"
    boss = Swift(app, roles=("member", "ResellerAdmin"))
    Swift(app, OTHER).put("d")
    where = {"Destination": "d/copy", "Destination_Account": f"AUTH_{OTHER}"}
    assert boss.copy("c/large?multipart-manifest=get", **where).status_code == 400
    assert boss.copy("c/large", **where).status_code == 201


def test_dynamic_large_objects_as_swift_has_them(swift):
    swift.put("c/s/1", b"12345")
    swift.put("c/s/2", b"67890")
    swift.put("c/m", b"", X_Object_Manifest="c/s/")
    assert swift.get("c/m", Range="bytes=4-5").data == b"56"
    many = swift.get("c/m", Range="bytes=0-1,4-5")
    assert (many.status_code, many.data) == (200, b"1234567890")
    swift.post("c/m", X_Object_Meta_A="1")
    assert swift.get("c/m").data == b""


def test_conditions_answer_with_the_etag(swift):
    etag = swift.put("c/o", b"x").headers["Etag"]
    assert swift.get("c/o", If_Match="other").headers["Etag"] == etag
    assert swift.delete("c/o", X_If_Delete_At="bad").status_code == 400
    assert swift.delete("c/o", X_If_Delete_At="1").status_code == 412
    far = swift.put("c/o", b"x", X_Delete_At="1" * 100)
    assert far.status_code == 201
    assert swift.head("c/o").headers["X-Delete-At"] == "9999999999"


def test_quotas_by_policy(swift, app):
    boss = Swift(app, OTHER, account=swift.account, roles=("ResellerAdmin",))
    assert swift.post("", X_Account_Quota_Count_Policy_standard="1").status_code == 403
    assert boss.post("", X_Account_Quota_Count_Policy_standard="1").status_code == 204
    assert swift.head("").headers["X-Account-Quota-Count-Policy-standard"] == "1"
    assert swift.put("c/a", b"x").status_code == 201
    assert swift.put("c/b", b"x").status_code == 413
    swift.put("r", X_Storage_Policy="reduced")
    assert swift.put("r/b", b"x").status_code == 201
    boss.post("", X_Remove_Account_Quota_Count_Policy_standard="x")
    assert swift.put("c/b", b"x").status_code == 201


def test_bulk_answers_in_xml(swift):
    from xml.dom import minidom

    swift.put("c/a", b"x")
    answer = swift.post("?bulk-delete", b"c/a\n", Accept="application/xml")
    root = minidom.parseString(answer.data).documentElement
    assert root.tagName == "delete"
    assert root.getElementsByTagName("number_deleted")[0].firstChild.data == "1"


@pytest.mark.parametrize("owner", ["Account", "Container"])
def test_a_containers_key_opens_no_other_container(swift, app, owner):
    "Neither by the segments of a dynamic or static large object, nor by a symlink."
    swift.put("other")
    swift.put("other/s", b"secret")
    swift.put("c/dynamic", b"", X_Object_Manifest="other/s")
    body = json.dumps([{"path": "/other/s"}]).encode()
    swift.put("c/static?multipart-manifest=put", body)
    swift.put("c/link", b"", X_Symlink_Target="other/s")
    key = {f"X_{owner}_Meta_Temp_URL_Key": "key"}
    assert swift.post("" if owner == "Account" else "c", **key).status_code == 204
    nobody, expires = Swift(app, roles=()), int(time.time()) + 60
    for name in ("dynamic", "static", "link"):
        text = f"GET\n{expires}\n/v1/{swift.account}/c/{name}"
        signature = hmac.new(b"key", text.encode(), "sha256").hexdigest()
        url = f"c/{name}?temp_url_sig={signature}&temp_url_expires={expires}"
        answer = nobody.get(url)
        if owner == "Account":
            assert answer.data == b"secret"
        else:
            assert answer.status_code in (401, 409) and b"secret" not in answer.data


def test_manifests_within_manifests_have_an_end(swift):
    swift.put("c/0", b"data")
    for depth in range(1, 12):
        body = json.dumps([{"path": f"/c/{depth - 1}"}]).encode()
        assert swift.put(f"c/{depth}?multipart-manifest=put", body).status_code == 201
    assert swift.get("c/10").data == b"data"
    assert swift.get("c/11").status_code == 409


def test_metadata_without_a_value_is_kept_on_objects(swift):
    "On accounts and containers it removes; on objects every request says all there is."
    swift.put("c/o", b"x", X_Object_Meta_Empty="", X_Object_Meta_Full="1")
    headers = swift.head("c/o").headers
    assert headers["X-Object-Meta-Empty"] == "" and headers["X-Object-Meta-Full"] == "1"
    swift.post("c/o", X_Object_Meta_Other="")
    headers = swift.head("c/o").headers
    assert headers["X-Object-Meta-Other"] == "" and "X-Object-Meta-Full" not in headers
    swift.post("c", X_Container_Meta_Other="1")
    swift.post("c", X_Container_Meta_Other="")
    assert "X-Container-Meta-Other" not in swift.head("c").headers


def test_words_that_clients_look_for(swift, app):
    swift.put("c/o", b"x")
    assert "There was a conflict when trying to complete your request." in swift.delete("c").text
    long = swift.put("c" * 257)
    assert "Container name length of 257 longer than 256" in long.text
    assert "Object name length of 1025 longer than 1024" in swift.put("c/" + "o" * 1025).text
    for path in ("/crossdomain.xml", "/healthcheck", "/info"):
        assert re.fullmatch(
            "tx[0-9a-f]{21}-[0-9a-f]{10}", app.test_client().get(path).headers["X-Trans-Id"]
        )
