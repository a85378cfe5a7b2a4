"""Static and dynamic large objects, symlinks."""

import hashlib
import json


def md5(data):
    return hashlib.md5(data).hexdigest()


def segments(swift, *parts):
    swift.put("seg")
    for n, part in enumerate(parts):
        swift.put(f"seg/{n}", part)
    return [
        {"path": f"/seg/{n}", "etag": md5(p), "size_bytes": len(p)} for n, p in enumerate(parts)
    ]


def put_slo(swift, name, manifest, query="multipart-manifest=put", **headers):
    return swift.put(f"{name}?{query}", json.dumps(manifest).encode(), **headers)


def test_a_static_large_object_reads_as_one(swift):
    manifest = segments(swift, b"hello ", b"large ", b"world")
    made = put_slo(swift, "c/big", manifest)
    assert made.status_code == 201, made.data
    etag = md5("".join(m["etag"] for m in manifest).encode())
    assert made.headers["Etag"] == f'"{etag}"'
    got = swift.get("c/big")
    assert got.data == b"hello large world"
    assert got.headers["X-Static-Large-Object"] == "True"
    assert got.headers["Content-Length"] == "17"
    assert swift.get("c/big", Range="bytes=4-8").data == b"o lar"
    stored = swift.get("c/big?multipart-manifest=get").get_json()
    assert [s["name"] for s in stored] == ["/seg/0", "/seg/1", "/seg/2"]
    raw = swift.get("c/big?multipart-manifest=get&format=raw").get_json(force=True)
    assert raw == manifest
    listed = swift.get("c?format=json").get_json()[0]
    assert (listed["bytes"], listed["slo_etag"]) == (17, f'"{etag}"')


def test_nested_ranged_and_inline_segments(swift):
    first = segments(swift, b"0123456789", b"abcdefghij")
    put_slo(swift, "seg/inner", [first[0] | {"range": "2-4"}, {"data": "WFla"}, first[1]])
    assert swift.get("seg/inner").data == b"234XYZabcdefghij"
    outer = [{"path": "/seg/inner", "range": "-4"}, {"path": "/seg/0", "range": "0-0"}]
    assert put_slo(swift, "c/outer", outer).status_code == 201
    assert swift.get("c/outer").data == b"ghij0"
    gone = swift.delete("c/outer?multipart-manifest=delete", Accept="application/json")
    assert gone.status_code == 200
    assert json.loads(gone.data)["Number Deleted"] == 4
    assert swift.names("seg") == [] == swift.names("c")


def test_a_manifest_that_does_not_fit_its_segments_is_refused(swift):
    good = segments(swift, b"hello")
    for wrong in (
        [good[0] | {"etag": "0" * 32}],
        [good[0] | {"size_bytes": 4}],
        [{"path": "/seg/none"}],
        [good[0] | {"range": "9-10"}],
        [{"path": "seg"}],
        [],
        {},
        [{"data": "WFla"}],
        [good[0] | {"nonsense": 1}],
        [1],
    ):
        answer = put_slo(swift, "c/big", wrong)
        assert answer.status_code == 400, wrong
    assert put_slo(swift, "c/big", good, ETag="0" * 32).status_code == 422
    assert swift.put("c/big?multipart-manifest=put", b"{").status_code == 400
    assert swift.names("c") == []


def test_a_segment_that_changed_later_is_a_conflict(swift):
    put_slo(swift, "c/big", segments(swift, b"hello", b"world"))
    swift.put("seg/0", b"other")
    assert swift.get("c/big").status_code == 409
    swift.delete("seg/0")
    assert swift.get("c/big").status_code == 409


def test_heartbeat_tells_the_outcome_in_the_body(swift):
    manifest = segments(swift, b"hello", b"world")
    answer = put_slo(
        swift, "c/big", manifest, "multipart-manifest=put&heartbeat=on", Accept="application/json"
    )
    assert answer.status_code == 202
    assert json.loads(answer.data)["Response Status"] == "201 Created"
    assert swift.get("c/big").data == b"helloworld"
    answer = put_slo(
        swift,
        "c/bad",
        [manifest[0] | {"size_bytes": 1}],
        "multipart-manifest=put&heartbeat=on",
        Accept="application/json",
    )
    assert json.loads(answer.data)["Response Status"].startswith("400")
    assert swift.head("c/bad").status_code == 404


def test_a_dynamic_large_object_is_all_under_its_prefix(swift):
    swift.put("seg")
    for n, data in enumerate((b"a", b"b", b"c")):
        swift.put(f"seg/p{n}", data)
    swift.put("c/dlo", b"", X_Object_Manifest="seg/p")
    got = swift.get("c/dlo")
    assert (got.data, got.headers["X-Object-Manifest"]) == (b"abc", "seg/p")
    assert got.headers["Etag"] == f'"{md5((md5(b"a") + md5(b"b") + md5(b"c")).encode())}"'
    swift.put("seg/p3", b"d")
    assert swift.head("c/dlo").headers["Content-Length"] == "4"
    assert swift.get("c/dlo", Range="bytes=1-2").data == b"bc"
    assert swift.get("c/dlo?multipart-manifest=get").data == b""
    assert swift.put("c/x", b"", X_Object_Manifest="nonsense").status_code == 400
    swift.copy("c/dlo", Destination="c/flat")
    assert swift.get("c/flat").data == b"abcd"
    assert "X-Object-Manifest" not in swift.get("c/flat").headers


def test_symlinks(swift):
    swift.put("c/target", b"data", Content_Type="text/t")
    made = swift.put("c/link", b"", X_Symlink_Target="c/target")
    assert made.status_code == 201
    got = swift.get("c/link")
    assert (got.data, got.headers["Content-Type"]) == (b"data", "text/t")
    assert got.headers["Content-Location"] == f"/v1/{swift.account}/c/target"
    link = swift.head("c/link?symlink=get")
    assert link.headers["X-Symlink-Target"] == "c/target"
    assert link.headers["Content-Length"] == "0"
    moved = swift.post("c/link", X_Object_Meta_A="b")
    assert moved.status_code == 307 and moved.headers["Location"].endswith("/c/target")
    swift.put("c/loop1", b"", X_Symlink_Target="c/loop2")
    swift.put("c/loop2", b"", X_Symlink_Target="c/loop1")
    assert swift.get("c/loop1").status_code == 409
    swift.delete("c/target")
    assert swift.get("c/link").status_code == 404
    assert swift.put("c/self", b"", X_Symlink_Target="c/self").status_code == 400
    assert swift.put("c/body", b"x", X_Symlink_Target="c/target").status_code == 400


def test_static_symlinks_hold_their_target(swift):
    swift.put("c/t", b"data")
    wrong = swift.put("c/l", b"", X_Symlink_Target="c/t", X_Symlink_Target_Etag="0" * 32)
    assert wrong.status_code == 409
    right = swift.put("c/l", b"", X_Symlink_Target="c/t", X_Symlink_Target_Etag=md5(b"data"))
    assert right.status_code == 201
    assert swift.get("c/l").data == b"data"
    swift.put("c/t", b"other")
    assert swift.get("c/l").status_code == 409
