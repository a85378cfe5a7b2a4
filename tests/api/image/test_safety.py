"""What must not get in, and how much may: formats, quotas, property protections."""

import io
import os
import struct
import subprocess
import threading

import pytest

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def disks(tmp_path_factory):
    "Real disk images by name, made by qemu-img and by hand."
    folder = tmp_path_factory.mktemp("disks")
    (folder / "base.raw").write_bytes(b"secret" + bytes(MIB - 6))

    def make(name, *arguments):
        path = folder / name
        command = ["qemu-img", "create", "-q", *arguments[:-1], str(path), *arguments[-1]]
        subprocess.run(command, check=True, timeout=60, cwd=folder)
        return path.read_bytes()

    found = {
        "qcow2": make("plain.qcow2", "-f", "qcow2", ["4M"]),
        "backed": make("b.qcow2", "-f", "qcow2", "-b", "base.raw", "-F", "raw", []),
        "external": make("e.qcow2", "-f", "qcow2", "-o", "data_file=out.raw", ["1M"]),
        "vmdk": make("v.vmdk", "-f", "vmdk", "-o", "subformat=monolithicSparse", ["1M"]),
        "vhdx": make("v.vhdx", "-f", "vhdx", ["8M"]),
        "vdi": make("v.vdi", "-f", "vdi", ["1M"]),
        "qed": make("v.qed", "-f", "qed", ["1M"]),
        "raw": os.urandom(100_000),
    }
    text = (
        b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n'
        b'RW 2048 FLAT "/etc/passwd" 0\n'
    )
    found["flat vmdk"] = text + bytes(1024 - len(text))
    found["iso"] = (
        bytes(32768)
        + b"\x01CD001\x01"
        + bytes(73)
        + struct.pack("<I", 20)
        + struct.pack(">I", 20)
        + bytes(40)
        + struct.pack("<H", 2048)
        + struct.pack(">H", 2048)
        + bytes(20 * 2048)
    )
    return found


def put(cloud, client, data, disk_format, **fields):
    image = cloud.create(client, disk_format=disk_format, **fields)
    return cloud.upload(client, image["id"], data), f"/v2/images/{image['id']}"


@pytest.mark.parametrize(
    "name, disk_format, virtual",
    [
        ("qcow2", "qcow2", 4 * MIB),
        ("vmdk", "vmdk", MIB),
        ("vhdx", "vhdx", 8 * MIB),
        ("vdi", "vdi", MIB),
        ("raw", "raw", 100_000),
        ("raw", "aki", 100_000),
        ("raw", "ploop", 100_000),
    ],
)
def test_what_is_what_it_says_is_taken(cloud, member, disks, name, disk_format, virtual):
    answer, path = put(cloud, member, disks[name], disk_format)
    assert answer.status_code == 204, answer.get_data(as_text=True)
    image = member.ok("GET", path)
    assert (image["status"], image["virtual_size"]) == ("active", virtual)


def test_an_iso_is_taken(cloud, member, disks):
    answer, path = put(cloud, member, disks["iso"], "iso")
    assert answer.status_code == 204, answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "name, disk_format",
    [
        ("backed", "qcow2"),
        ("external", "qcow2"),
        ("flat vmdk", "vmdk"),
        ("backed", "raw"),
        ("external", "raw"),
        ("qed", "raw"),
    ],
)
@pytest.mark.parametrize("mismatch", ["refuse", "allow"])
def test_what_reaches_for_other_files_never_gets_in(make_cloud, disks, name, disk_format, mismatch):
    cloud = make_cloud(**{"formats.mismatch": mismatch})
    member = cloud.client()
    answer, path = put(cloud, member, disks[name], disk_format)
    assert answer.status_code == 400 and "refused" in answer.get_json()["message"]
    assert member.ok("GET", path)["status"] == "queued"
    assert cloud.files() == []


@pytest.mark.parametrize(
    "name, disk_format",
    [
        ("raw", "qcow2"),
        ("qcow2", "raw"),
        ("qcow2", "vmdk"),
        ("vmdk", "qcow2"),
        ("raw", "iso"),
        ("iso", "raw"),
        ("raw", "vhd"),
        ("raw", "luks"),
    ],
)
def test_a_false_format_is_refused_quarantined_or_taken(make_cloud, disks, name, disk_format):
    strict = make_cloud()
    answer, path = put(strict, strict.client(), disks[name], disk_format)
    assert answer.status_code == 400
    assert disk_format in answer.get_json()["message"] and strict.files() == []
    strict.deps.config.set_override("mismatch", "quarantine", "formats")
    member, admin = strict.client(), strict.client(roles=("admin",))
    answer, path = put(strict, member, disks[name], disk_format)
    image = member.ok("GET", path)
    assert (answer.status_code, image["status"]) == (204, "deactivated")
    assert disk_format in image["os_glance_quarantine"]
    assert member.get(path + "/file").status_code == 403
    assert admin.get(path + "/file").data == disks[name]
    # its owner deactivates and reactivates an image, but gets none out of quarantine
    assert member.post(path + "/actions/reactivate").status_code == 403
    assert member.get(path + "/file").status_code == 403
    assert admin.post(path + "/actions/reactivate").status_code == 204
    assert member.get(path + "/file").data == disks[name]
    strict.deps.config.set_override("mismatch", "allow", "formats")
    answer, path = put(strict, member, disks[name], disk_format)
    assert (answer.status_code, member.ok("GET", path)["status"]) == (204, "active")


def test_containers_are_not_opened(cloud, member, disks):
    answer, _ = put(cloud, member, disks["backed"], "qcow2", container_format="ova")
    assert answer.status_code == 204


def test_a_staged_trap_is_refused_at_import(make_cloud, disks):
    cloud = make_cloud(**{"formats.convert_to": "raw", "formats.mismatch": "allow"})
    member = cloud.client()
    for name in ("backed", "external", "raw"):
        image = cloud.create(member, disk_format="qcow2")
        path = f"/v2/images/{image['id']}"
        octets = {"Content-Type": "application/octet-stream"}
        assert member.put(path + "/stage", data=disks[name], headers=octets).status_code == 204
        body = {"method": {"name": "glance-direct"}}
        assert member.post(path + "/import", json=body).status_code == 202
        cloud.deps.jobs.wait()
        assert member.ok("GET", path)["status"] == "uploading"
        task = member.ok("GET", path + "/tasks")["tasks"][0]
        assert task["status"] == "failure" and "refused" in task["message"]


def test_a_quota_of_bytes_is_kept(make_cloud):
    cloud = make_cloud(**{"quota.image_size_total_mib": 1})
    member, other = cloud.client(), cloud.client(project_id="project-2")
    first = cloud.active(member, b"x" * 600_000)
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/file"
    assert cloud.upload(member, image["id"], b"y" * 600_000).status_code == 413
    assert cloud.stream(member, path, io.BytesIO(b"y" * 600_000)) == 413
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"
    assert len(cloud.files()) == 1
    assert cloud.stream(member, path, io.BytesIO(b"y" * 400_000)) == 204
    cloud.active(other, b"z" * 1_000_000)
    assert member.ok("GET", "/v2/info/usage")["usage"]["image_size_total"] == {
        "limit": 1,
        "usage": 1,
    }
    assert member.delete(f"/v2/images/{first['id']}").status_code == 204
    cloud.active(member, b"w" * 600_000)


class Unread:
    "A body that fails the test when it is read."

    def read(self, size=-1):
        raise AssertionError("the body was read before the quota was looked at")


def test_an_upload_over_the_quota_is_refused_unread(make_cloud):
    cloud = make_cloud(**{"quota.image_size_total_mib": 1})
    member = cloud.client()
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/file"
    assert cloud.stream(member, path, Unread(), 2 * MIB) == 413
    reader = cloud.client(roles=("reader",))
    assert cloud.stream(reader, path, Unread(), 10) == 403


@pytest.mark.parametrize("sized", [True, False])
def test_parallel_uploads_do_not_pass_the_quota_together(make_cloud, sized):
    cloud = make_cloud(**{"quota.image_size_total_mib": 3})
    member = cloud.client()
    ids = [cloud.create(member)["id"] for _ in range(8)]
    barrier, codes = threading.Barrier(8), []

    def upload(image_id):
        client = cloud.client()
        barrier.wait()
        body = io.BytesIO(bytes(MIB))
        path = f"/v2/images/{image_id}/file"
        codes.append(cloud.stream(client, path, body, MIB if sized else None))

    threads = [threading.Thread(target=upload, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [204] * 3 + [413] * 5 if sized else codes.count(204) <= 3
    stored = sum(p.stat().st_size for p in cloud.files())
    assert stored <= 3 * MIB
    usage = member.ok("GET", "/v2/info/usage")["usage"]["image_size_total"]["usage"]
    assert usage == stored // MIB


def test_counts_are_limited(make_cloud):
    cloud = make_cloud(
        **{
            "quota.image_count_total": 2,
            "quota.image_count_uploading": 1,
            "quota.image_stage_total_mib": 1,
        }
    )
    member = cloud.client()
    images = [cloud.create(member) for _ in range(2)]
    assert member.post("/v2/images", json={}).status_code == 413
    octets = {"Content-Type": "application/octet-stream"}
    path = f"/v2/images/{images[0]['id']}/stage"
    assert member.put(path, data=bytes(2 * MIB), headers=octets).status_code == 413
    assert member.put(path, data=bytes(MIB), headers=octets).status_code == 204
    assert cloud.upload(member, images[1]["id"], b"x").status_code == 413
    usage = member.ok("GET", "/v2/info/usage")["usage"]
    assert usage == {
        "image_size_total": {"limit": -1, "usage": 0},
        "image_stage_total": {"limit": 1, "usage": 1},
        "image_count_total": {"limit": 2, "usage": 2},
        "image_count_uploading": {"limit": 1, "usage": 1},
    }


def test_properties_can_be_protected(make_cloud, tmp_path):
    rules = tmp_path / "protections.conf"
    rules.write_text(
        "[^secret_.*]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n"
        "[^seen_.*]\ncreate = admin\nread = @\nupdate = !\ndelete = admin, manager\n"
        "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"
    )
    cloud = make_cloud(**{"image.protections_file": str(rules)})
    member, admin = cloud.client(), cloud.client(roles=("admin",))
    assert member.post("/v2/images", json={"secret_x": "1"}).status_code == 403
    image = cloud.create(admin, secret_x="1", seen_y="2", free="3")
    path = f"/v2/images/{image['id']}"
    for shown in (member.ok("GET", path), member.ok("GET", "/v2/images")["images"][0]):
        assert "secret_x" not in shown and (shown["seen_y"], shown["free"]) == ("2", "3")
    assert admin.ok("GET", path)["secret_x"] == "1"

    def patch(client, op, name):
        change = {"op": op, "path": f"/{name}", "value": "9"}
        return cloud.patch(client, image["id"], change).status_code

    assert [patch(member, "replace", n) for n in ("secret_x", "seen_y", "free")] == [403, 403, 200]
    assert [patch(admin, "replace", n) for n in ("secret_x", "seen_y", "free")] == [200, 403, 200]
    assert [patch(member, "remove", n) for n in ("secret_x", "seen_y", "free")] == [403, 403, 200]
    assert [patch(admin, "remove", n) for n in ("secret_x", "seen_y")] == [200, 200]


@pytest.mark.parametrize(
    "text",
    [
        "[a]\ncreate=@\n",
        "[(]\ncreate=@\nread=@\nupdate=@\ndelete=@\n",
        "[a]\ncreate=@,x\nread=@\nupdate=@\ndelete=@\n",
    ],
)
def test_wrong_protections_are_said_at_start(make_cloud, tmp_path, text):
    rules = tmp_path / "protections.conf"
    rules.write_text(text)
    with pytest.raises(Exception, match=r"lacks|stand alone|unterminated|missing"):
        make_cloud(**{"image.protections_file": str(rules)})
