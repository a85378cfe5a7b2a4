"""Multipart uploads of the S3 API with boto3, over HTTP."""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from sqlalchemy import update

from objectstore.core import clock
from objectstore.keeper import expirer
from objectstore.store.models import Part, Upload
from tests.api.objectstore.s3 import code, live_blobs, put, read

MIB = 1 << 20


def test_multipart(owner, swift, deps):
    before = live_blobs(deps)
    body = os.urandom(12 * MIB)
    made = owner.create_multipart_upload(
        Bucket="bucket", Key="big", ContentType="video/x", Metadata={"m": "1"}
    )
    upload = {"Bucket": "bucket", "Key": "big", "UploadId": made["UploadId"]}
    pieces = [body[: 5 * MIB], body[5 * MIB : 10 * MIB], body[10 * MIB :]]
    parts = []
    for number, piece in enumerate(pieces, 1):
        answer = owner.upload_part(**upload, PartNumber=number, Body=piece)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    owner.upload_part(**upload, PartNumber=9, Body=b"not named, and so released")
    listed = owner.list_parts(**upload)
    assert [p["Size"] for p in listed["Parts"]] == [5 * MIB, 5 * MIB, 2 * MIB, 26]
    assert owner.list_multipart_uploads(Bucket="bucket")["Uploads"][0]["Key"] == "big"
    assert "Contents" not in owner.list_objects_v2(Bucket="bucket")
    wrong = {"Parts": [{"PartNumber": 1, "ETag": '"0"'}]}
    complete = owner.complete_multipart_upload
    assert code(complete, **upload, MultipartUpload=wrong)[0] == "InvalidPart"
    turned = {"Parts": parts[::-1]}
    assert code(complete, **upload, MultipartUpload=turned)[0] == "InvalidPartOrder"
    done = complete(**upload, MultipartUpload={"Parts": parts})
    digests = b"".join(hashlib.md5(p).digest() for p in pieces)
    etag = f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert done["ETag"] == etag
    # an answer that was lost: the same again
    assert complete(**upload, MultipartUpload={"Parts": parts})["ETag"] == etag
    assert read(owner, "big") == body
    got = owner.get_object(Bucket="bucket", Key="big", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert got["Body"].read() == body[5 * MIB - 2 : 5 * MIB + 2]
    part = owner.get_object(Bucket="bucket", Key="big", PartNumber=2)
    assert part["Body"].read() == pieces[1] and part["PartsCount"] == 3
    assert owner.head_object(Bucket="bucket", Key="big")["Metadata"] == {"m": "1"}
    one = owner.list_objects_v2(Bucket="bucket")["Contents"][0]
    assert one["ETag"] == etag and one["Size"] == len(body)
    there = swift.get("bucket/big")
    assert there.data == body and there.headers["Content-Type"] == "video/x"
    assert swift.copy("bucket/big", Destination="c/copy").status_code == 201
    assert swift.get("c/copy").data == body
    owner.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "big"})
    assert read(owner, "copy") == body
    assert live_blobs(deps) == before + 3 + 2
    owner.delete_object(Bucket="bucket", Key="copy")
    assert swift.delete("c/copy").status_code == 204
    assert swift.delete("bucket/big").status_code == 204
    assert live_blobs(deps) == before
    with deps.db.read() as session:
        assert session.query(Part).count() == session.query(Upload).count() == 0


def test_what_replaces_a_multipart_object_releases_its_parts(owner, deps):
    before = live_blobs(deps)

    def upload(key):
        made = owner.create_multipart_upload(Bucket="bucket", Key=key)
        named = {"Bucket": "bucket", "Key": key, "UploadId": made["UploadId"]}
        part = owner.upload_part(**named, PartNumber=1, Body=b"part")
        named["MultipartUpload"] = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        owner.complete_multipart_upload(**named)

    upload("k")
    upload("k")
    assert live_blobs(deps) == before + 1 and read(owner, "k") == b"part"
    put(owner, "k", b"plain")
    assert live_blobs(deps) == before + 1
    on = {"Status": "Enabled"}
    owner.put_bucket_versioning(Bucket="bucket", VersioningConfiguration=on)
    upload("k")
    version = owner.head_object(Bucket="bucket", Key="k")["VersionId"]
    put(owner, "k", b"newer")
    assert read(owner, "k", VersionId=version) == b"part"
    owner.delete_object(Bucket="bucket", Key="k", VersionId=version)
    assert live_blobs(deps) == before + 2


def test_an_upload_ends_with_its_abort_or_its_bucket(owner, deps):
    before = live_blobs(deps)
    one = owner.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    two = owner.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    upload = {"Bucket": "bucket", "Key": "k", "UploadId": one}
    for number in (1, 2, 2):
        owner.upload_part(**upload, PartNumber=number, Body=b"x")
    assert live_blobs(deps) == before + 2
    small = [{"PartNumber": n, "ETag": f'"{hashlib.md5(b"x").hexdigest()}"'} for n in (1, 2)]
    complete = owner.complete_multipart_upload
    assert code(complete, **upload, MultipartUpload={"Parts": small})[0] == "EntityTooSmall"
    page = owner.list_multipart_uploads(Bucket="bucket", MaxUploads=1)
    rest = owner.list_multipart_uploads(
        Bucket="bucket",
        KeyMarker=page["NextKeyMarker"],
        UploadIdMarker=page["NextUploadIdMarker"],
    )
    assert {page["Uploads"][0]["UploadId"], rest["Uploads"][0]["UploadId"]} == {one, two}
    owner.abort_multipart_upload(**upload)
    assert code(owner.upload_part, **upload, PartNumber=1, Body=b"x") == ("NoSuchUpload", 404)
    assert live_blobs(deps) == before
    owner.upload_part(Bucket="bucket", Key="k", UploadId=two, PartNumber=1, Body=b"x")
    owner.delete_bucket(Bucket="bucket")
    assert live_blobs(deps) == before


def test_parts_count_against_a_quota(owner, swift):
    assert swift.post("bucket", X_Container_Meta_Quota_Bytes="10").status_code == 204
    upload_id = owner.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    upload = {"Bucket": "bucket", "Key": "k", "UploadId": upload_id}
    owner.upload_part(**upload, PartNumber=1, Body=b"123456")
    assert code(owner.upload_part, **upload, PartNumber=2, Body=b"123456")[0] == "QuotaExceeded"
    assert code(put, owner, "other", b"12345678901") == ("QuotaExceeded", 403)


def test_managed_transfers(owner, tmp_path):
    "What programs use: boto3's transfer manager, in parallel parts."
    body = os.urandom(20 * MIB + 3)
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB
    )
    owner.upload_fileobj(io.BytesIO(body), "bucket", "managed", Config=config)
    owner.download_file("bucket", "managed", str(tmp_path / "f"), Config=config)
    assert (tmp_path / "f").read_bytes() == body
    owner.copy({"Bucket": "bucket", "Key": "managed"}, "bucket", "copied", Config=config)
    assert read(owner, "copied") == body


def test_uploads_that_nobody_goes_on_with_are_aborted(owner, deps):
    def begin(key):
        made = owner.create_multipart_upload(Bucket="bucket", Key=key)
        upload = {"Bucket": "bucket", "Key": key, "UploadId": made["UploadId"]}
        etag = owner.upload_part(**upload, PartNumber=1, Body=b"x" * 10)["ETag"]
        return upload, {"Parts": [{"PartNumber": 1, "ETag": etag}]}

    before = live_blobs(deps)
    left, _ = begin("left")
    going_on, whole = begin("going on")
    long_ago = clock.now() - 31 * 86_400 * clock.UNIT
    with deps.db.write() as session:
        session.execute(update(Upload).values(created=long_ago))
        session.execute(update(Part).where(Part.owner == left["UploadId"]).values(ts=long_ago))
    deps.config.set_override("stale_upload_days", 0, "s3")
    assert expirer.abort_stale(deps) == 0
    deps.config.clear_override("stale_upload_days", "s3")
    assert expirer.abort_stale(deps) == 1
    assert code(owner.list_parts, **left)[0] == "NoSuchUpload"
    owner.complete_multipart_upload(**going_on, MultipartUpload=whole)
    assert read(owner, "going on") == b"x" * 10
    assert expirer.abort_stale(deps) == 0 and live_blobs(deps) == before + 1


def test_32_clients_at_once(owner, deps):
    "Whole uploads, and one key that all write: every object is what one of them sent."
    before = live_blobs(deps)

    def work(n):
        body = bytes([n]) * (5 * MIB + n)
        made = owner.create_multipart_upload(Bucket="bucket", Key=f"own-{n}")
        upload = {"Bucket": "bucket", "Key": f"own-{n}", "UploadId": made["UploadId"]}
        pieces = [body[: 5 * MIB], body[5 * MIB :]] if n else [body]
        parts = [
            {"PartNumber": i, "ETag": owner.upload_part(**upload, PartNumber=i, Body=p)["ETag"]}
            for i, p in enumerate(pieces, 1)
        ]
        owner.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        put(owner, "shared", body[: 1000 + n])
        return hashlib.sha256(body).digest(), len(pieces)

    with ThreadPoolExecutor(32) as pool:
        done = list(pool.map(work, range(32)))
    for n, (digest, _) in enumerate(done):
        assert hashlib.sha256(read(owner, f"own-{n}")).digest() == digest
    shared = read(owner, "shared")
    assert len(shared) == 1000 + shared[0] and set(shared) == {shared[0]}
    assert len(owner.list_objects_v2(Bucket="bucket")["Contents"]) == 33
    assert live_blobs(deps) == before + sum(pieces for _, pieces in done) + 1
