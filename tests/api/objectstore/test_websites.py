"""Forms, static web sites, CORS, cross-domain policy, container synchronisation, encryption,
/info."""

import base64
import hmac
import os
import time

import pytest

from objectstore import app as application
from objectstore.core.encryption import Keymaster
from objectstore.keeper import syncing
from tests.api.objectstore.swift import Swift


def form(path, files, key=b"secret", redirect="", size=100, count=2, expires=None, **more):
    expires = expires or int(time.time()) + 60
    text = f"{path}\n{redirect}\n{size}\n{count}\n{expires}"
    fields = {
        "redirect": redirect,
        "max_file_size": str(size),
        "max_file_count": str(count),
        "expires": str(expires),
        "signature": hmac.new(key, text.encode(), "sha256").hexdigest(),
        **more,
    }
    return fields | {f"file{n}": f for n, f in enumerate(files)}


def test_forms(swift, app):
    import io

    swift.post("", X_Account_Meta_Temp_URL_Key="secret")
    http, path = app.test_client(), f"/v1/{swift.account}/c/up-"

    def send(**options):
        return http.post(path, data=form(path, [(io.BytesIO(b"data"), "a.txt")], **options))

    assert send().status_code == 201
    assert swift.get("c/up-a.txt").data == b"data"
    assert send(key=b"wrong").status_code == 401
    assert send(expires=1).status_code == 401
    assert send(size=3).status_code == 413
    assert send(count=0).status_code == 400
    back = send(redirect="http://example.org/done")
    assert back.status_code == 303
    assert back.headers["Location"].startswith("http://example.org/done?status=201")


def test_static_web(swift, app):
    nobody = Swift(app, roles=(), account=swift.account)
    swift.put("c/index.html", b"front", Content_Type="text/html")
    swift.put("c/sub/page", b"page")
    swift.put("c/404error.html", b"gone")
    swift.post(
        "c",
        X_Container_Read=".r:*,.rlistings",
        X_Container_Meta_Web_Index="index.html",
        X_Container_Meta_Web_Error="error.html",
        X_Container_Meta_Web_Listings="true",
    )
    assert nobody.get("c/").data == b"front"
    assert nobody.get("c").status_code == 301
    assert nobody.get("c/sub").status_code == 301
    assert b'href="./page"' in nobody.get("c/sub/").data
    missing = nobody.get("c/none")
    assert (missing.status_code, missing.data) == (404, b"gone")
    assert swift.names("c") == ["404error.html", "index.html", "sub/page"]
    swift.post("c", X_Container_Read="")
    assert nobody.get("c/").status_code == 401


def test_cors(swift, app):
    swift.put("c/o", b"data")
    page = {"Origin": "http://page.example"}
    assert "Access-Control-Allow-Origin" not in swift.get("c/o", **page).headers
    swift.post("c", X_Container_Meta_Access_Control_Allow_Origin="http://page.example")
    got = swift.get("c/o", **page)
    assert got.headers["Access-Control-Allow-Origin"] == "http://page.example"
    assert "etag" in got.headers["Access-Control-Expose-Headers"]
    asked = {"Access_Control_Request_Method": "PUT"}
    assert swift.request("OPTIONS", "c/o", **page, **asked).status_code == 200
    assert swift.request("OPTIONS", "c/o", Origin="http://bad", **asked).status_code == 401


def test_info_and_crossdomain(swift, app):
    http = app.test_client()
    info = http.get("/info").get_json()
    assert info["swift"]["policies"][0] == {
        "name": "standard",
        "aliases": "standard",
        "index": 0,
        "copies": 3,
        "default": True,
    }
    assert {"slo", "tempurl", "bulk_upload", "account_quotas", "symlink", "staticweb"} <= set(info)
    assert b"<cross-domain-policy>" in http.get("/crossdomain.xml").data
    assert http.get("/healthcheck").data == b"OK"


def test_container_synchronisation(swift, app, deps, monkeypatch):
    from tests.support import wsgi_session

    session = wsgi_session({"http://127.0.0.1:9": app})
    monkeypatch.setattr("requests.request", session.request)
    swift.put("twin", X_Container_Sync_Key="k")
    swift.put("c/before", b"1", X_Object_Meta_A="b")
    to = f"http://127.0.0.1:9/v1/{swift.account}/twin"
    assert swift.post("c", X_Container_Sync_To="http://elsewhere/v1/a/c").status_code == 400
    assert swift.post("c", X_Container_Sync_To=to, X_Container_Sync_Key="k").status_code == 204
    swift.put("c/after", b"2")
    assert syncing.synchronise(deps) == 2
    assert swift.get("twin/before").headers["X-Object-Meta-A"] == "b"
    assert swift.get("twin/after").data == b"2"
    swift.delete("c/before")
    syncing.synchronise(deps)
    assert swift.names("twin") == ["after"]
    nobody = Swift(app, roles=(), account=swift.account)
    bad = nobody.put("twin/x", b"", X_Container_Sync_Key="wrong", X_Timestamp="1700000000.00000")
    assert bad.status_code == 401


@pytest.mark.parametrize("size", [1, 100, (2 << 20) + 5])
def test_encryption_at_rest(conf, tmp_path, deps, swift, size):
    secret = base64.b64encode(os.urandom(32)).decode()
    deps.keymaster = Keymaster(secret, "k1", {})
    data = b"needle" * (size // 6 + 1)
    swift.put("c/o", data)
    assert swift.get("c/o").data == data
    assert swift.get("c/o", Range="bytes=3-20").data == data[3:21]
    for path in tmp_path.glob("objectstore/disks/*/*/**/*"):
        if path.is_file():
            assert b"needleneedle" not in path.read_bytes()
    swift.copy("c/o", Destination="c/copy")
    assert swift.get("c/copy").data == data
    deps.keymaster = Keymaster("", "", {"k1": secret})
    assert swift.get("c/o").data == data
    deps.keymaster = Keymaster("", "", {})
    assert swift.get("c/o").status_code == 503


def test_a_bad_root_secret_is_refused(conf):
    conf.set_override("root_secret", "short", "encryption")
    with pytest.raises(ValueError, match="root_secret"):
        application.make_deps(conf)
