"""OpenStack's own clients against the image service: openstacksdk, python-openstackclient,
glanceclient."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import glanceclient
import openstack
import pytest

from tests.api.image.process import Server
from tests.api.image.web import Web
from tests.support import token

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def web():
    made = Web()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, web):
    made = Server(
        tmp_path_factory.mktemp("image"),
        **{
            "stores.enabled": "local:file,cold:file",
            "imports.allowed_networks": "127.0.0.0/8",
            "imports.allowed_ports": str(web.port),
            "cache.limit_mib": 64,
        },
    ).start()
    yield made
    made.stop()


@pytest.fixture
def data(tmp_path):
    "A file of 3 MiB and a bit."
    path = tmp_path / "disk.img"
    path.write_bytes(os.urandom(3 * MIB + 7))
    return path


@pytest.fixture
def sdk(server):
    connection = openstack.connection.Connection(
        auth_type="admin_token",
        auth={"endpoint": server.url, "token": token(roles=("admin",))},
        image_api_version="2",
        image_endpoint_override=server.url,
    )
    yield connection
    connection.close()


@pytest.fixture
def glance(server):
    return glanceclient.Client("2", server.url, token=token(roles=("admin",)))


@pytest.fixture
def osc(server):
    "`openstack` as a person runs it; answers are parsed JSON where the command prints any."
    program = Path(sys.executable).with_name("openstack")
    if not program.exists():
        program = Path(shutil.which("openstack"))
    environ = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}

    def run(*arguments, fails=False):
        command = [
            program,
            "--os-auth-type",
            "admin_token",
            "--os-endpoint",
            server.url + "/v2",
            "--os-token",
            token(roles=("admin",)),
            "--os-image-api-version",
            "2",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        if fails:
            return done.stderr
        return json.loads(done.stdout) if "json" in arguments else done.stdout

    return run


def eventually(check, seconds=20):
    "Wait until `check()` is true."
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def test_openstack_image_verbs(osc, data, tmp_path):
    as_json = ("-f", "json")
    made = osc(
        "image",
        "create",
        "osc-one",
        "--file",
        str(data),
        "--disk-format",
        "raw",
        "--container-format",
        "bare",
        "--property",
        "os_distro=debian",
        "--tag",
        "t1",
        *as_json,
    )
    assert made["status"] == "active" and made["size"] == data.stat().st_size
    assert made["checksum"] == hashlib.md5(data.read_bytes()).hexdigest()
    assert made["properties"]["os_distro"] == "debian"
    listed = osc("image", "list", "--name", "osc-one", *as_json)
    assert [i["ID"] for i in listed] == [made["id"]]
    osc(
        "image", "set", "osc-one", "--min-disk", "2", "--property", "k=v", "--tag", "t2", "--public"
    )
    shown = osc("image", "show", "osc-one", *as_json)
    assert (shown["min_disk"], shown["visibility"], shown["tags"]) == (2, "public", ["t1", "t2"])
    osc("image", "unset", "osc-one", "--property", "k", "--tag", "t1")
    shown = osc("image", "show", "osc-one", *as_json)
    assert "k" not in shown["properties"] and shown["tags"] == ["t2"]
    target = tmp_path / "saved"
    osc("image", "save", "osc-one", "--file", str(target))
    assert target.read_bytes() == data.read_bytes()
    osc("image", "set", "osc-one", "--deactivate")
    assert osc("image", "show", "osc-one", *as_json)["status"] == "deactivated"
    osc("image", "set", "osc-one", "--activate", "--protected")
    assert "protected" in osc("image", "delete", "osc-one", fails=True)
    osc("image", "set", "osc-one", "--unprotected")
    osc("image", "delete", "osc-one")
    assert "osc-one" in osc("image", "show", "osc-one", fails=True)


def test_openstack_sharing_staging_and_information(osc, glance, data):
    as_json = ("-f", "json")
    # `image create` without a file would upload what stands in its standard input
    glance.images.create(name="osc-two", disk_format="raw", container_format="bare")
    osc("image", "set", "osc-two", "--shared")
    image_id = osc("image", "show", "osc-two", *as_json)["id"]
    osc("image", "stage", "osc-two", "--file", str(data))
    osc("image", "import", "osc-two", "--method", "glance-direct")
    tasks = osc("image", "task", "list", *as_json)
    assert image_id in json.dumps(osc("image", "task", "show", tasks[0]["ID"], *as_json))
    stores = osc("image", "stores", "list", *as_json)
    assert {s["ID"] for s in stores} == {"local", "cold"}
    methods = osc("image", "import", "info", *as_json)
    assert "web-download" in methods["import-methods"]
    eventually(lambda: glance.images.get(image_id).status == "active")
    osc("image", "delete", "osc-two")


def test_openstack_metadata_definitions(osc):
    as_json = ("-f", "json")
    spaces = osc("image", "metadef", "namespace", "list", *as_json)
    assert "OS::Compute::LibvirtImage" in {s["namespace"] for s in spaces} or len(spaces) == 25
    osc("image", "metadef", "namespace", "create", "My::Own", "--public")
    osc(
        "image",
        "metadef",
        "property",
        "create",
        "My::Own",
        "--name",
        "p",
        "--title",
        "P",
        "--type",
        "string",
        "--schema",
        "{}",
    )
    shown = osc("image", "metadef", "property", "show", "My::Own", "p", *as_json)
    assert shown["title"] == "P"
    osc("image", "metadef", "object", "create", "--namespace", "My::Own", "o")
    osc(
        "image",
        "metadef",
        "resource",
        "type",
        "association",
        "create",
        "My::Own",
        "OS::Nova::Server",
    )
    assert osc("image", "metadef", "resource", "type", "list", *as_json)
    osc("image", "metadef", "namespace", "delete", "My::Own")


def test_openstacksdk(sdk, server, data, tmp_path):
    image = sdk.create_image(
        "sdk-one",
        filename=str(data),
        disk_format="raw",
        container_format="bare",
        wait=True,
        tags=["a"],
        os_distro="debian",
    )
    assert image.status == "active" and image.size == data.stat().st_size
    assert sdk.image.find_image("sdk-one").id == image.id
    assert [i.id for i in sdk.image.images(name="sdk-one", disk_format="raw")] == [image.id]
    updated = sdk.image.update_image(image.id, name="sdk-new", min_ram=64, os_distro="alpine")
    assert (updated.name, updated.min_ram) == ("sdk-new", 64)
    sdk.image.add_tag(image.id, "b")
    sdk.image.remove_tag(image.id, "a")
    assert sdk.image.get_image(image.id).tags == ["b"]
    target = tmp_path / "out"
    sdk.image.download_image(image.id, output=str(target))
    assert target.read_bytes() == data.read_bytes()
    member = sdk.image.add_member(image.id, member="project-9")
    assert (member.member_id, member.status) == ("project-9", "pending")
    assert [m.member_id for m in sdk.image.members(image.id)] == ["project-9"]
    sdk.image.remove_member("project-9", image.id)
    sdk.image.deactivate_image(image.id)
    sdk.image.reactivate_image(image.id)
    assert {s.id for s in sdk.image.stores()} == {"local", "cold"}
    assert sdk.image.get_import_info().import_methods["value"]
    sdk.image.import_image(sdk.image.get_image(image.id), method="copy-image", stores=["cold"])
    client = server.session(roles=("admin",))
    url = f"{server.url}/v2/images/{image.id}"
    eventually(lambda: "cold" in client.get(url).json()["stores"])
    sdk.image.delete_image(image.id, store="cold")
    sdk.image.delete_image(image.id)
    assert sdk.image.find_image("sdk-new") is None


def test_openstacksdk_metadata_definitions(sdk):
    space = sdk.image.create_metadef_namespace(namespace="Sdk::N", visibility="public")
    sdk.image.create_metadef_object(space, name="o", description="d")
    sdk.image.create_metadef_property(space, name="p", title="P", type="string")
    assert [o.name for o in sdk.image.metadef_objects(space)] == ["o"]
    assert [p.name for p in sdk.image.metadef_properties(space)] == ["p"]
    sdk.image.create_metadef_resource_type_association(space, name="OS::Nova::Image")
    links = sdk.image.metadef_resource_type_associations(space)
    assert [t.name for t in links] == ["OS::Nova::Image"]
    assert "OS::Nova::Server" in {t.name for t in sdk.image.metadef_resource_types()}
    sdk.image.update_metadef_namespace(space, namespace="Sdk::N", description="changed")
    assert sdk.image.get_metadef_namespace("Sdk::N").description == "changed"
    sdk.image.delete_metadef_namespace("Sdk::N")


def test_openstacksdk_imports_from_the_web(sdk, web):
    web.pages["/image"] = (200, {}, b"from the web")
    image = sdk.image.create_image(
        "sdk-web",
        disk_format="raw",
        container_format="bare",
        validate_checksum=False,
        use_import=True,
        import_method="web-download",
        uri=f"{web.url}/image",
        stores=["local"],
    )
    done = sdk.image.wait_for_status if hasattr(sdk.image, "wait_for_status") else None
    if done:
        image = done(image, "active", failures=["killed"], interval=0.1, wait=20)
    assert (
        b"".join(sdk.image.download_image(image, stream=True).iter_content(64)) == b"from the web"
    )
    sdk.image.delete_image(image.id)


def test_glanceclient(glance, data):
    image = glance.images.create(
        name="g", disk_format="raw", container_format="bare", os_distro="debian"
    )
    with data.open("rb") as file:
        glance.images.upload(image.id, file)
    shown = glance.images.get(image.id)
    assert (shown.status, shown.size) == ("active", data.stat().st_size)
    assert b"".join(glance.images.data(image.id)) == data.read_bytes()
    assert image.id in {
        i.id
        for i in glance.images.list(
            filters={"name": "g"}, sort_key=["name", "size"], sort_dir=["asc", "desc"]
        )
    }
    changed = glance.images.update(image.id, remove_props=["os_distro"], name="h", new="1")
    assert (changed.name, changed.new) == ("h", "1") and "os_distro" not in changed
    glance.image_tags.update(image.id, "x")
    glance.image_tags.delete(image.id, "x")
    glance.image_members.create(image.id, "p2")
    assert [m["member_id"] for m in glance.image_members.list(image.id)] == ["p2"]
    glance.image_members.delete(image.id, "p2")
    glance.images.deactivate(image.id)
    glance.images.reactivate(image.id)
    assert glance.images.get_stores_info()["stores"] and glance.images.get_import_info()
    assert glance.info.get_usage()["image_count_total"]["usage"] >= 1
    assert glance.schemas.get("image").name == "image"
    glance.cache.queue(image.id)
    assert "queued_images" in glance.cache.list()
    glance.cache.clear("both")
    glance.images.delete(image.id)


def test_glanceclient_locations(glance, web):
    web.pages["/located"] = (200, {}, b"located")
    image = glance.images.create(name="l", disk_format="raw", container_format="bare")
    digest = hashlib.sha512(b"located").hexdigest()
    validation = {"os_hash_algo": "sha512", "os_hash_value": digest}
    glance.images.add_image_location(image.id, f"{web.url}/located", validation)
    eventually(lambda: glance.images.get(image.id).status == "active")
    (location,) = glance.images.get_image_locations(image.id)
    assert location["url"].startswith("file:///") and location["metadata"] == {"store": "local"}
    assert b"".join(glance.images.data(image.id)) == b"located"
    glance.images.delete(image.id)


def test_glanceclient_stages_and_imports(glance, data):
    image = glance.images.create(name="s", disk_format="raw", container_format="bare")
    with data.open("rb") as file:
        glance.images.stage(image.id, file)
    glance.images.image_import(image.id, "glance-direct", stores=["cold", "local"])
    tasks = glance.images.get_associated_image_tasks(image.id)["tasks"]
    eventually(lambda: glance.images.get(image.id).status == "active")
    assert tasks[0]["image_id"] == image.id
    assert b"".join(glance.images.data(image.id)) == data.read_bytes()
    glance.images.delete(image.id)


def test_glanceclient_metadata_definitions(glance):
    glance.metadefs_namespace.create(namespace="G::N", visibility="public")
    glance.metadefs_property.create("G::N", name="p", title="P", type="string")
    glance.metadefs_object.create("G::N", name="o")
    glance.metadefs_tag.create("G::N", "t")
    glance.metadefs_resource_type.associate("G::N", name="OS::Nova::Flavor", prefix="hw:")
    assert glance.metadefs_property.get("G::N", "p").title == "P"
    assert [o["name"] for o in glance.metadefs_object.list("G::N")] == ["o"]
    assert [t["name"] for t in glance.metadefs_tag.list("G::N")] == ["t"]
    assert [r["name"] for r in glance.metadefs_resource_type.get("G::N")] == ["OS::Nova::Flavor"]
    assert "G::N" in {n["namespace"] for n in glance.metadefs_namespace.list()}
    glance.metadefs_namespace.delete("G::N")
