"""The S3 API with boto3, over HTTP."""

import base64
import hashlib
import os
import threading
import zlib

import pytest
import requests
from botocore.exceptions import ClientError

from tests.api.objectstore import s3
from tests.api.objectstore.s3 import code, live_blobs, put, read

MIB = 1 << 20


def test_buckets(owner):
    owner.create_bucket(Bucket="another.one")
    listed = owner.list_buckets()
    assert [b["Name"] for b in listed["Buckets"]] == ["another.one", "bucket"]
    assert listed["Owner"]["ID"]
    page = owner.list_buckets(MaxBuckets=1)
    assert [b["Name"] for b in page["Buckets"]] == ["another.one"]
    page = owner.list_buckets(ContinuationToken=page["ContinuationToken"])
    assert [b["Name"] for b in page["Buckets"]] == ["bucket"]
    owner.head_bucket(Bucket="bucket")
    assert code(owner.create_bucket, Bucket="bucket") == ("BucketAlreadyOwnedByYou", 409)
    assert code(owner.create_bucket, Bucket="No_Capitals")[0] == "InvalidBucketName"
    assert code(owner.list_objects_v2, Bucket="missing") == ("NoSuchBucket", 404)
    assert owner.get_bucket_location(Bucket="bucket")["LocationConstraint"] is None
    put(owner, "in-it")
    assert code(owner.delete_bucket, Bucket="bucket") == ("BucketNotEmpty", 409)
    owner.delete_bucket(Bucket="another.one")
    assert code(owner.head_bucket, Bucket="another.one")[1] == 404


def test_objects_go_in_and_out(owner, swift):
    body = os.urandom(3 * MIB + 7)
    made = put(
        owner,
        "a/ä b+c",
        body,
        ContentType="text/x",
        Metadata={"one": "1", "two-words": "2"},
        CacheControl="no-store",
        ContentEncoding="gzip",
    )
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert made["ETag"] == etag
    got = owner.get_object(Bucket="bucket", Key="a/ä b+c")
    assert got["Body"].read() == body and got["ETag"] == etag
    assert got["ContentType"] == "text/x" and got["Metadata"] == {"one": "1", "two-words": "2"}
    assert got["CacheControl"] == "no-store" and got["ContentEncoding"] == "gzip"
    head = owner.head_object(Bucket="bucket", Key="a/ä b+c")
    assert head["ContentLength"] == len(body)
    part = owner.get_object(Bucket="bucket", Key="a/ä b+c", Range="bytes=5-9")
    assert part["Body"].read() == body[5:10]
    assert part["ContentRange"] == f"bytes 5-9/{len(body)}"
    assert code(owner.get_object, Bucket="bucket", Key="a/ä b+c", Range="bytes=9999999-") == (
        "InvalidRange",
        416,
    )
    # the same object by the Swift API
    there = swift.get("bucket/a/ä b+c")
    assert there.data == body and there.headers["X-Object-Meta-One"] == "1"
    owner.delete_object(Bucket="bucket", Key="a/ä b+c")
    owner.delete_object(Bucket="bucket", Key="a/ä b+c")
    assert code(owner.get_object, Bucket="bucket", Key="a/ä b+c") == ("NoSuchKey", 404)
    assert swift.get("bucket/a/ä b+c").status_code == 404
    assert code(put, owner, "k" * 1025)[0] == "KeyTooLongError"
    assert code(put, owner, "k", Metadata={"long": "v" * 2100})[0] == "MetadataTooLarge"
    assert code(put, owner, "k", ServerSideEncryption="AES256") == ("NotImplemented", 501)


def test_conditions(owner):
    etag = put(owner, "k", b"one")["ETag"]
    get = owner.get_object
    assert code(get, Bucket="bucket", Key="k", IfMatch='"no"') == ("PreconditionFailed", 412)
    assert code(get, Bucket="bucket", Key="k", IfNoneMatch=etag)[1] == 304
    assert read(owner, "k", IfMatch=etag) == b"one"
    assert code(put, owner, "k", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert code(put, owner, "k", IfMatch='"no"') == ("PreconditionFailed", 412)
    put(owner, "k", b"two", IfMatch=etag)
    assert code(put, owner, "none", IfMatch=etag) == ("NoSuchKey", 404)


def test_of_many_who_create_one_wins(owner, url):
    won, refused = [], []

    def run(n):
        client = s3.client(url)
        try:
            put(client, "lock", str(n).encode(), IfNoneMatch="*")
            won.append(n)
        except ClientError as error:
            refused.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and refused == ["PreconditionFailed"] * 7
    assert read(owner, "lock") == str(won[0]).encode()


def test_listings(owner):
    keys = ["a", "b/1", "b/2", "c/x/1", "c/x/2", "d<&>", "e f"]
    for key in keys:
        put(owner, key)
    pages = owner.get_paginator("list_objects_v2").paginate(
        Bucket="bucket", PaginationConfig={"PageSize": 2}
    )
    assert [o["Key"] for page in pages for o in page.get("Contents", [])] == keys
    first = owner.list_objects_v2(Bucket="bucket", Delimiter="/", MaxKeys=2)
    assert [o["Key"] for o in first["Contents"]] == ["a"]
    assert [p["Prefix"] for p in first["CommonPrefixes"]] == ["b/"] and first["IsTruncated"]
    then = owner.list_objects_v2(
        Bucket="bucket", Delimiter="/", ContinuationToken=first["NextContinuationToken"]
    )
    assert [p["Prefix"] for p in then["CommonPrefixes"]] == ["c/"]
    assert [o["Key"] for o in then["Contents"]] == ["d<&>", "e f"]
    old = owner.list_objects(Bucket="bucket", Prefix="b/", MaxKeys=1)
    assert [o["Key"] for o in old["Contents"]] == ["b/1"] and old["IsTruncated"]
    old = owner.list_objects(Bucket="bucket", Prefix="b/", Marker=old["NextMarker"])
    assert [o["Key"] for o in old["Contents"]] == ["b/2"] and not old["IsTruncated"]
    after = owner.list_objects_v2(Bucket="bucket", StartAfter="c/x/1", FetchOwner=True)
    assert [o["Key"] for o in after["Contents"]] == keys[4:] and after["Contents"][0]["Owner"]["ID"]
    assert owner.list_objects_v2(Bucket="bucket", MaxKeys=0)["KeyCount"] == 0


def test_copies(owner):
    body = os.urandom(70_000)
    put(owner, "from", body, Metadata={"a": "1"}, ContentType="text/a", Tagging="t=1")
    source = {"Bucket": "bucket", "Key": "from"}
    owner.copy_object(Bucket="bucket", Key="to", CopySource=source)
    head = owner.head_object(Bucket="bucket", Key="to")
    assert read(owner, "to") == body and head["Metadata"] == {"a": "1"}
    assert head["ContentType"] == "text/a"
    assert owner.get_object_tagging(Bucket="bucket", Key="to")["TagSet"] == [
        {"Key": "t", "Value": "1"}
    ]
    copy = owner.copy_object
    assert code(copy, Bucket="bucket", Key="from", CopySource=source)[0] == "InvalidRequest"
    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"b": "2"}}
    copy(Bucket="bucket", Key="from", CopySource=source, **replaced)
    assert owner.head_object(Bucket="bucket", Key="from")["Metadata"] == {"b": "2"}
    missing = {"Bucket": "bucket", "Key": "none"}
    assert code(copy, Bucket="bucket", Key="to", CopySource=missing) == ("NoSuchKey", 404)
    fresh = {"CopySourceIfMatch": '"no"'}
    assert code(copy, Bucket="bucket", Key="to", CopySource=source, **fresh)[1] == 412


def test_deleting_many(owner):
    for key in ("a", "b", "c"):
        put(owner, key)
    asked = {"Objects": [{"Key": k} for k in ("a", "b", "missing")]}
    answer = owner.delete_objects(Bucket="bucket", Delete=asked)
    assert sorted(d["Key"] for d in answer["Deleted"]) == ["a", "b", "missing"]
    assert [o["Key"] for o in owner.list_objects_v2(Bucket="bucket")["Contents"]] == ["c"]


def test_versions(owner, swift):
    put(owner, "k", b"null")
    assert "Status" not in owner.get_bucket_versioning(Bucket="bucket")
    on = {"Status": "Enabled"}
    owner.put_bucket_versioning(Bucket="bucket", VersioningConfiguration=on)
    assert owner.get_bucket_versioning(Bucket="bucket")["Status"] == "Enabled"
    one = put(owner, "k", b"one")["VersionId"]
    two = put(owner, "k", b"two")["VersionId"]
    assert read(owner, "k") == b"two" and read(owner, "k", VersionId=one) == b"one"
    assert read(owner, "k", VersionId="null") == b"null"
    marker = owner.delete_object(Bucket="bucket", Key="k")
    assert marker["DeleteMarker"] is True
    assert code(owner.get_object, Bucket="bucket", Key="k") == ("NoSuchKey", 404)
    get = owner.get_object
    gone = marker["VersionId"]
    assert code(get, Bucket="bucket", Key="k", VersionId=gone) == ("MethodNotAllowed", 405)
    listed = owner.list_object_versions(Bucket="bucket")
    assert [v["VersionId"] for v in listed["Versions"]] == [two, one, "null"]
    assert listed["DeleteMarkers"][0]["IsLatest"] is True
    pages = owner.get_paginator("list_object_versions").paginate(
        Bucket="bucket", PaginationConfig={"PageSize": 1}
    )
    found = [
        v["VersionId"] for p in pages for v in p.get("Versions", []) + p.get("DeleteMarkers", [])
    ]
    assert found == [gone, two, one, "null"]
    owner.delete_object(Bucket="bucket", Key="k", VersionId=gone)
    assert read(owner, "k") == b"two"
    owner.delete_object(Bucket="bucket", Key="k", VersionId=two)
    assert read(owner, "k") == b"one"
    source = {"Bucket": "bucket", "Key": "k", "VersionId": "null"}
    owner.copy_object(Bucket="bucket", Key="k", CopySource=source)
    assert read(owner, "k") == b"null"
    put(owner, "j", b"1")
    marker = owner.delete_object(Bucket="bucket", Key="j")["VersionId"]
    above = put(owner, "j", b"2")["VersionId"]
    owner.delete_object(Bucket="bucket", Key="j", VersionId=above)
    listed = owner.list_object_versions(Bucket="bucket", Prefix="j")
    assert [(m["VersionId"], m["IsLatest"]) for m in listed["DeleteMarkers"]] == [(marker, True)]
    off = {"Status": "Suspended"}
    owner.put_bucket_versioning(Bucket="bucket", VersioningConfiguration=off)
    assert put(owner, "k", b"again")["VersionId"] == "null"
    missing = "1700000000.00000"
    assert code(get, Bucket="bucket", Key="k", VersionId=missing) == ("NoSuchVersion", 404)


def test_an_acl_opens_no_versions(owner, url, swift):
    on = {"Status": "Enabled"}
    owner.put_bucket_versioning(Bucket="bucket", VersioningConfiguration=on)
    version = put(owner, "k", b"one")["VersionId"]
    put(owner, "k", b"two")
    acl = f"{s3.PROJECT}:guest"
    assert swift.post("bucket", X_Container_Read=acl, X_Container_Write=acl).status_code == 204
    guest = s3.client(url, "guest")
    assert read(guest, "k") == b"two"
    named = {"Bucket": "bucket", "Key": "k", "VersionId": version}
    assert code(guest.get_object, **named) == ("AccessDenied", 403)
    assert code(guest.delete_object, **named) == ("AccessDenied", 403)
    assert code(guest.copy_object, Bucket="bucket", Key="j", CopySource=named)[1] == 403
    asked = {"Objects": [{"Key": "k", "VersionId": version}]}
    answer = guest.delete_objects(Bucket="bucket", Delete=asked)
    assert [e["Code"] for e in answer["Errors"]] == ["AccessDenied"]
    assert read(owner, "k", VersionId=version) == b"one"


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(owner, name):
    body = os.urandom(100_000)
    made = put(owner, "k", body, ChecksumAlgorithm=name)
    got = owner.head_object(Bucket="bucket", Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{name}"] == made[f"Checksum{name}"]
    assert read(owner, "k") == body
    if name == "CRC32":
        assert got["ChecksumCRC32"] == base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
        wrong = base64.b64encode(b"\0\0\0\0").decode()
        assert code(put, owner, "k", body, ChecksumCRC32=wrong)[0] == "BadDigest"
    made = owner.create_multipart_upload(Bucket="bucket", Key="m", ChecksumAlgorithm=name)
    upload = {"Bucket": "bucket", "Key": "m", "UploadId": made["UploadId"]}
    part = owner.upload_part(**upload, PartNumber=1, Body=body, ChecksumAlgorithm=name)
    named = {k: part[k] for k in ("ETag", f"Checksum{name}")} | {"PartNumber": 1}
    done = owner.complete_multipart_upload(**upload, MultipartUpload={"Parts": [named]})
    if name == "CRC64NVME":
        assert done["ChecksumCRC64NVME"] == part["ChecksumCRC64NVME"]
    else:
        assert done[f"Checksum{name}"].endswith("-1")


def _another_body(request, **_):
    "What a proxy may do to a request on its way."
    request.body = b"else"
    return


def test_a_body_that_is_not_what_was_announced(owner, deps):
    before = live_blobs(deps)
    md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert code(put, owner, "k", ContentMD5=md5)[0] == "BadDigest"
    link = owner.generate_presigned_url("put_object", {"Bucket": "bucket", "Key": "k"})
    assert requests.put(link, data=b"fine").status_code == 200
    assert read(owner, "k") == b"fine" and live_blobs(deps) == before + 1
    owner.meta.events.register("before-send.s3.PutObject", _another_body)
    assert code(put, owner, "k", b"body") == ("XAmzContentSHA256Mismatch", 400)
    assert read(owner, "k") == b"fine" and live_blobs(deps) == before + 1


def test_presigned_urls(owner):
    put(owner, "k ö", b"body")
    link = owner.generate_presigned_url(
        "get_object",
        {
            "Bucket": "bucket",
            "Key": "k ö",
            "ResponseContentDisposition": 'attachment; filename="f"',
        },
        ExpiresIn=60,
    )
    got = requests.get(link)
    assert got.content == b"body" and "attachment" in got.headers["Content-Disposition"]
    assert requests.get(link.replace("k%20", "j%20")).status_code == 403
    assert requests.get(link.replace("Expires=60", "Expires=61")).status_code == 403
    assert requests.delete(link).status_code == 403
    assert requests.get(link.replace("Expires=60", "Expires=9999999")).status_code == 400


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_no_signature_of_a_url_is_logged(owner, url, caplog, version):
    caplog.set_level("DEBUG")
    client = s3.client(url, signature_version=version)
    link = client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
    assert requests.get(link).status_code == 404
    found = [r.getMessage() for r in caplog.records if r.name == "access" and "/k?" in r.message]
    signature = link.partition("Signature=")[2].partition("&")[0]
    assert found and "Signature=(hidden)" in found[-1] and signature not in found[-1]


def test_version_2_of_signatures(owner, url):
    put(owner, "k ö", b"body")
    old = s3.client(url, signature_version="s3")
    named = {"Bucket": "bucket", "Key": "k ö", "ResponseContentType": "text/odd"}
    link = old.generate_presigned_url("get_object", named)
    assert "AWSAccessKeyId" in link
    got = requests.get(link)
    assert got.content == b"body" and got.headers["Content-Type"] == "text/odd"
    assert requests.get(link.replace("odd", "even")).status_code == 403
    assert requests.delete(link).status_code == 403
    over = old.generate_presigned_url("get_object", named, ExpiresIn=-1)
    assert b"expired" in requests.get(over).content
    old.put_object(Bucket="bucket", Key="old", Body=b"old", Metadata={"a": "1"})
    assert old.get_object(Bucket="bucket", Key="old")["Metadata"] == {"a": "1"}
    assert [o["Key"] for o in old.list_objects_v2(Bucket="bucket")["Contents"]] == ["k ö", "old"]
    upload_id = old.create_multipart_upload(Bucket="bucket", Key="m")["UploadId"]
    old.abort_multipart_upload(Bucket="bucket", Key="m", UploadId=upload_id)
    wrong = s3.client(url, secret="wrong", signature_version="s3")
    assert code(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)


def test_tags(owner):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "<2>"}]
    put(owner, "k", Tagging="x=y")
    assert owner.get_object(Bucket="bucket", Key="k")["TagCount"] == 1
    owner.put_object_tagging(Bucket="bucket", Key="k", Tagging={"TagSet": tags})
    assert owner.get_object_tagging(Bucket="bucket", Key="k")["TagSet"] == tags
    owner.delete_object_tagging(Bucket="bucket", Key="k")
    assert owner.get_object_tagging(Bucket="bucket", Key="k")["TagSet"] == []
    assert code(owner.get_bucket_tagging, Bucket="bucket") == ("NoSuchTagSet", 404)
    owner.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": tags})
    assert owner.get_bucket_tagging(Bucket="bucket")["TagSet"] == tags
    owner.delete_bucket_tagging(Bucket="bucket")
    many = [{"Key": str(n), "Value": ""} for n in range(11)]
    put_tags = owner.put_object_tagging
    assert code(put_tags, Bucket="bucket", Key="k", Tagging={"TagSet": many})[0] == "InvalidTag"


def test_access(owner, url, app):
    put(owner, "k", b"mine")
    reader, other = s3.client(url, "reader"), s3.client(url, "other")
    assert read(reader, "k") == b"mine"
    assert code(put, reader, "k") == ("AccessDenied", 403)
    assert code(reader.delete_object, Bucket="bucket", Key="k") == ("AccessDenied", 403)
    assert code(reader.create_bucket, Bucket="another") == ("AccessDenied", 403)
    assert code(other.get_object, Bucket="bucket", Key="k") == ("NoSuchBucket", 404)
    other.create_bucket(Bucket="bucket")  # names are those of an account
    wrong = s3.client(url, "owner", secret="wrong")
    assert code(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)
    assert code(s3.client(url, "nobody", secret="x").list_buckets)[1] == 403
    assert owner.get_bucket_acl(Bucket="bucket")["Grants"][0]["Permission"] == "FULL_CONTROL"
    owner.put_bucket_acl(Bucket="bucket", ACL="public-read")
    assert len(owner.get_bucket_acl(Bucket="bucket")["Grants"]) == 2
    anybody = app.test_client().get(f"/v1/AUTH_{s3.KEYS['owner'][1]['project_id']}/bucket/k")
    assert anybody.data == b"mine"
    owner.put_bucket_acl(Bucket="bucket", ACL="private")
    anybody = app.test_client().get(f"/v1/AUTH_{s3.KEYS['owner'][1]['project_id']}/bucket/k")
    assert anybody.status_code == 401
    acl = owner.put_object_acl
    assert code(acl, Bucket="bucket", Key="k", ACL="public-read") == ("NotImplemented", 501)


def test_identity_is_asked_once_for_a_day_and_region(owner, identity):
    identity.asked = 0
    for n in range(5):
        put(owner, str(n))
    assert identity.asked == 0


def test_what_no_bucket_has(owner):
    assert code(owner.get_bucket_policy, Bucket="bucket")[0] == "NoSuchBucketPolicy"
    assert code(owner.get_bucket_cors, Bucket="bucket")[0] == "NoSuchCORSConfiguration"
    lifecycle = owner.get_bucket_lifecycle_configuration
    assert code(lifecycle, Bucket="bucket")[0] == "NoSuchLifecycleConfiguration"
    assert code(owner.put_bucket_policy, Bucket="bucket", Policy="{}") == ("NotImplemented", 501)
    assert owner.get_bucket_request_payment(Bucket="bucket")["Payer"] == "BucketOwner"
    owner.get_bucket_logging(Bucket="bucket")
    owner.get_bucket_notification_configuration(Bucket="bucket")


def test_attributes(owner):
    put(owner, "k", b"body", ChecksumAlgorithm="SHA256")
    found = owner.get_object_attributes(
        Bucket="bucket", Key="k", ObjectAttributes=["ETag", "Checksum", "ObjectSize"]
    )
    assert found["ObjectSize"] == 4 and found["ETag"] == hashlib.md5(b"body").hexdigest()
    assert found["Checksum"]["ChecksumSHA256"]


def test_a_copy_outlives_its_source(owner, deps):
    before = live_blobs(deps)
    put(owner, "k", b"body")
    owner.copy_object(Bucket="bucket", Key="j", CopySource={"Bucket": "bucket", "Key": "k"})
    assert live_blobs(deps) == before + 1
    owner.delete_object(Bucket="bucket", Key="k")
    assert read(owner, "j") == b"body"
    owner.delete_object(Bucket="bucket", Key="j")
    assert live_blobs(deps) == before
