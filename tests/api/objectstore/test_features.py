"""Versioning, temporary URLs, bulk, quotas, ACLs, copies, expiry, conditions."""

import hmac
import io
import json
import tarfile
import time

import pytest

from objectstore.keeper import expirer
from tests.api.objectstore.swift import PROJECT, Swift

OTHER = "22222222222222222222222222222222"


def test_versions_enabled(swift):
    swift.post("c", X_Versions_Enabled="true")
    ids = [swift.put("c/o", d).headers["X-Object-Version-Id"] for d in (b"1", b"22", b"333")]
    assert swift.get("c/o").data == b"333"
    assert swift.get(f"c/o?version-id={ids[0]}").data == b"1"
    marker = swift.delete("c/o")
    assert marker.status_code == 204
    assert swift.get("c/o").status_code == 404 and swift.names("c") == []
    listed = swift.get("c?versions&format=json").get_json()
    assert [v["version_id"] for v in listed] == [
        marker.headers["X-Object-Version-Id"],
        *reversed(ids),
    ]
    assert [v["is_latest"] for v in listed] == [True, False, False, False]
    assert swift.put(f"c/o?version-id={ids[1]}").status_code == 201
    assert swift.get("c/o").data == b"22"
    assert swift.delete(f"c/o?version-id={ids[0]}").status_code == 204
    assert swift.get(f"c/o?version-id={ids[0]}").status_code == 404
    assert swift.delete("c").status_code == 409
    assert swift.get("c/o?version-id=nonsense").status_code == 400


@pytest.mark.parametrize("header", ["X_Versions_Location", "X_History_Location"])
def test_versions_in_another_container(swift, header):
    swift.put("old")
    swift.post("c", **{header: "old"})
    for data in (b"1", b"22", b"333"):
        swift.put("c/o", data)
    assert len(swift.names("old")) == 2
    swift.delete("c/o")
    if header == "X_Versions_Location":
        assert swift.get("c/o").data == b"22" and len(swift.names("old")) == 1
    else:
        assert swift.get("c/o").status_code == 404 and len(swift.names("old")) == 4


def sign(key, method, expires, path, digest="sha256"):
    return hmac.new(key, f"{method}\n{expires}\n{path}".encode(), digest).hexdigest()


def test_temporary_urls(swift, app):
    swift.post("", X_Account_Meta_Temp_URL_Key="secret")
    swift.put("c/dir/o", b"data", X_Object_Meta_Hidden="1", X_Object_Meta_Public_X="2")
    nobody = Swift(app, roles=())
    expires, path = int(time.time()) + 60, f"/v1/{swift.account}/c/dir/o"
    for digest in ("sha256", "sha512"):
        good = f"temp_url_sig={sign(b'secret', 'GET', expires, path, digest)}"
        got = nobody.get(f"c/dir/o?{good}&temp_url_expires={expires}")
        assert got.status_code == 200 and got.data == b"data"
    assert got.headers["Content-Disposition"].startswith('attachment; filename="o"')
    assert (
        "X-Object-Meta-Hidden" not in got.headers and got.headers["X-Object-Meta-Public-X"] == "2"
    )
    assert nobody.head(f"c/dir/o?{good}&temp_url_expires={expires}").status_code == 200
    for wrong in (
        f"{good}&temp_url_expires={expires + 1}",
        f"temp_url_sig=00&temp_url_expires={expires}",
        f"temp_url_sig={sign(b'secret', 'GET', 1, path)}&temp_url_expires=1",
        f"temp_url_sig=x&temp_url_expires={expires}",
    ):
        assert nobody.get(f"c/dir/o?{wrong}").status_code == 401
    assert nobody.put(f"c/dir/o?{good}&temp_url_expires={expires}", b"x").status_code == 401
    put = sign(b"secret", "PUT", expires, path)
    url = f"c/dir/o?temp_url_sig={put}&temp_url_expires={expires}"
    assert nobody.put(url, b"new").status_code == 201
    prefix = sign(b"secret", "GET", expires, f"prefix:/v1/{swift.account}/c/dir/")
    query = f"temp_url_sig={prefix}&temp_url_expires={expires}&temp_url_prefix=dir/"
    assert nobody.get(f"c/dir/o?{query}&inline").data == b"new"
    assert nobody.get(f"c/other?{query}").status_code == 401
    address = hmac.new(
        b"secret", f"ip=127.0.0.0/8\nGET\n{expires}\n{path}".encode(), "sha256"
    ).hexdigest()
    query = f"temp_url_sig={address}&temp_url_expires={expires}"
    assert nobody.get(f"c/dir/o?{query}&temp_url_ip_range=127.0.0.0/8").data == b"new"
    assert nobody.get(f"c/dir/o?{query}&temp_url_ip_range=10.0.0.0/8").status_code == 401


@pytest.mark.parametrize("kind,mode", [("tar", "w"), ("tar.gz", "w:gz"), ("tar.bz2", "w:bz2")])
def test_bulk(swift, kind, mode):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name in ("bulk/a", "bulk/b/c"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    answer = swift.put(f"?extract-archive={kind}", file.getvalue(), Accept="application/json")
    assert json.loads(answer.data)["Number Files Created"] == 2
    assert swift.names("bulk") == ["a", "b/c"]
    body = b"/bulk/a\nbulk/b%2Fc\nbulk/none\nbulk\n"
    answer = swift.post("?bulk-delete", body, Accept="application/json")
    outcome = json.loads(answer.data)
    assert (outcome["Number Deleted"], outcome["Number Not Found"]) == (3, 1)
    assert "bulk" not in swift.names("")
    bad = swift.put(f"?extract-archive={kind}", b"junk", Accept="application/json")
    assert json.loads(bad.data)["Response Status"].startswith("400")


def test_quotas(swift, app):
    swift.post("c", X_Container_Meta_Quota_Bytes="10", X_Container_Meta_Quota_Count="2")
    assert swift.put("c/a", b"x" * 11).status_code == 413
    assert swift.put("c/a", b"x" * 6).status_code == 201
    assert swift.put("c/b", b"x" * 5).status_code == 413
    assert swift.put("c/a", b"x" * 10).status_code == 201
    assert swift.put("c/b", b"").status_code == 201
    assert swift.put("c/d", b"").status_code == 413
    assert swift.post("c", X_Container_Meta_Quota_Bytes="x").status_code == 400
    assert swift.post("", X_Account_Meta_Quota_Bytes="5").status_code == 403
    reseller = Swift(app, OTHER, account=swift.account, roles=("ResellerAdmin",))
    assert reseller.post("", X_Account_Meta_Quota_Bytes="15").status_code == 204
    swift.put("c2")
    assert swift.put("c2/a", b"x" * 6).status_code == 413
    assert swift.put("c2/a", b"x" * 5).status_code == 201
    assert swift.head("").headers["X-Account-Bytes-Used"] == "15"


def test_container_acls(swift, app):
    other = Swift(app, OTHER, account=swift.account, user_id="u2")
    nobody = Swift(app, roles=(), account=swift.account)
    swift.put("c/o", b"data")
    assert other.get("c/o").status_code == 403 and nobody.get("c/o").status_code == 401
    swift.post("c", X_Container_Read=f"{OTHER}:u2")
    assert other.get("c/o").data == b"data" and other.put("c/x", b"").status_code == 403
    swift.post("c", X_Container_Read="", X_Container_Write=f"{OTHER}:*")
    assert other.get("c/o").status_code == 403 and other.put("c/x", b"").status_code == 201
    assert other.post("c", X_Container_Meta_A="b").status_code == 403
    swift.post("c", X_Container_Read=".r:*")
    assert nobody.get("c/o").data == b"data" and nobody.get("c").status_code == 401
    swift.post("c", X_Container_Read=".r:*,.r:-bad.example,.rlistings")
    assert nobody.get("c").status_code == 200
    assert nobody.get("c/o", Referer="http://bad.example/").status_code == 401
    reader = Swift(app, PROJECT, roles=("reader",))
    assert reader.get("c/o").status_code == 200 and reader.put("c/y", b"").status_code == 403
    assert "X-Container-Read" not in other.head("c").headers
    for bad in (".r:", ".nonsense:x", ".nonsense"):
        assert swift.post("c", X_Container_Read=bad).status_code == 400
    assert swift.post("c", X_Container_Write=".r:*").status_code == 400


def test_account_acl(swift, app):
    other = Swift(app, OTHER, account=swift.account, user_id="u2")
    swift.put("c/o", b"data")
    for level, read, write in (
        ("read-only", 200, 403),
        ("read-write", 200, 201),
        ("admin", 200, 201),
    ):
        swift.post("", X_Account_Access_Control=json.dumps({level: [f"{OTHER}:u2"]}))
        assert other.get("c/o").status_code == read
        assert other.put("c/n", b"").status_code == write
    assert swift.post("", X_Account_Access_Control="{").status_code == 400


def test_copies_share_bytes_and_outlive_their_source(swift):
    swift.put("c/a", b"data" * 999, Content_Type="text/a", X_Object_Meta_A="1")
    swift.put("d")
    done = swift.copy("c/a", Destination="d/b", X_Object_Meta_B="2")
    assert done.status_code == 201 and done.headers["X-Copied-From"] == "c/a"
    swift.put("d/c", b"", X_Copy_From="/c/a", X_Fresh_Metadata="true")
    swift.delete("c/a")
    got = swift.get("d/b")
    assert got.data == b"data" * 999 and got.headers["Content-Type"] == "text/a"
    assert (got.headers["X-Object-Meta-A"], got.headers["X-Object-Meta-B"]) == ("1", "2")
    assert "X-Object-Meta-A" not in swift.get("d/c").headers
    assert swift.copy("c/a", Destination="d/x").status_code == 404
    assert swift.copy("d/b").status_code == 412
    assert swift.put("d/y", b"", X_Copy_From="nonsense").status_code == 412


def test_expiry(swift, deps):
    swift.put("c/o", b"x", X_Delete_After="4")
    swift.put("c/keep", b"x", X_Delete_At=str(int(time.time()) + 100))
    assert int(swift.head("c/o").headers["X-Delete-At"]) > time.time()
    end = time.monotonic() + 15
    while swift.get("c/o").status_code != 404:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert expirer.expire(deps) == 1
    assert swift.names("c") == ["keep"]
    for header in ("X_Delete_At", "X_Delete_After"):
        assert swift.put("c/o", b"", **{header: "junk"}).status_code == 400
    assert swift.put("c/o", b"", X_Delete_At="1").status_code == 400


def test_conditions_and_ranges(swift):
    etag = swift.put("c/o", b"0123456789").headers["Etag"]
    assert swift.get("c/o", If_None_Match=etag).status_code == 304
    assert swift.get("c/o", If_Match="other").status_code == 412
    changed = swift.head("c/o").headers["Last-Modified"]
    assert swift.get("c/o", If_Modified_Since=changed).status_code == 304
    assert swift.get("c/o", If_Unmodified_Since="Thu, 01 Jan 1970 00:00:00 GMT").status_code == 412
    part = swift.get("c/o", Range="bytes=2-4")
    assert (part.status_code, part.data) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert swift.get("c/o", Range="bytes=-3").data == b"789"
    assert swift.get("c/o", Range="bytes=20-").status_code == 416
    many = swift.get("c/o", Range="bytes=0-0,5-6")
    assert many.status_code == 206 and b"\r\n\r\n0\r\n" in many.data and b"56" in many.data
    assert int(many.headers["Content-Length"]) == len(many.data)
    assert swift.put("c/o", b"", If_None_Match="*").status_code == 412
    assert swift.put("c/o", b"x", ETag="0" * 32).status_code == 422
    assert swift.get("c/o").data == b"0123456789"


def test_listings(swift):
    names = ["a", "b/1", "b/2", "b/c/3", "d", "d/é x", "z"]
    for name in names:
        assert swift.put(f"c/{name}", b"1").status_code == 201
    assert swift.names("c") == names
    assert swift.names("c?reverse=on") == names[::-1]
    assert swift.names("c?delimiter=/") == ["a", "b/", "d", "d/", "z"]
    assert swift.names("c?delimiter=/&reverse=on") == ["z", "d/", "d", "b/", "a"]
    assert swift.names("c?prefix=b/&delimiter=/") == ["b/1", "b/2", "b/c/"]
    assert swift.names("c?limit=2&marker=a&delimiter=/") == ["b/", "d"]
    assert swift.names("c?marker=b/&delimiter=/") == ["d", "d/", "z"]
    assert swift.names("c?marker=b/1&end_marker=d") == ["b/2", "b/c/3"]
    assert swift.names("c?path=b") == ["b/1", "b/2"]
    assert swift.get("c?limit=10001").status_code == 412
    xml = swift.get("c?format=xml").data
    assert xml.count(b"<object>") == 7 and "é x".encode() in xml
    item = swift.get("c?format=json&prefix=a").get_json()[0]
    assert item["name"] == "a" and item["bytes"] == 1 and item["hash"]
    assert swift.get("?format=json").get_json()[0]["count"] == 7


def test_clients_mistakes_get_4xx(swift):
    assert swift.put("c/o", b"x", X_Object_Meta_A="v" * 257).status_code == 400
    assert swift.put("c/" + "o" * 1025, b"x").status_code == 400
    assert swift.put("c" * 257).status_code == 400
    assert swift.put("none/o", b"x").status_code == 404
    assert swift.put("x", X_Storage_Policy="nonsense").status_code == 400
    assert swift.put("c", X_Storage_Policy="reduced").status_code == 409
    assert swift.request("PATCH", "c/o").status_code == 405
    assert swift.delete("c/none").status_code == 404
    swift.put("c/o", b"")
    assert swift.delete("c").status_code == 409
