"""An object store whose devices fill up, with what is written still going on.

The devices are small file systems in memory, in a mount namespace of their own that ends with the
test, however that ends.
"""

import itertools
import os
import subprocess
import time

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.objectstore.serving import REPO, S3_PAIR, Service
from tests.support import token

SIZE_MIB = 24
MIB = 1 << 20


class Small(Service):
    "With devices of a few MiB."

    def __init__(self, folder):
        super().__init__(folder, reclaim_age_s=10)  # no upload here takes that long
        script = (
            f'for d in "$@"; do mount -t tmpfs -o size={SIZE_MIB}m none "$d" || exit 1; done;'
            "echo ready; exec sleep infinity"
        )
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "setpriv", "--pdeathsig", "KILL", "sh", "-c", script, "sh"]
            + [str(path) for path in self.devices.values()],
            stdout=subprocess.PIPE,
        )
        assert self.holder.stdout.readline() == b"ready\n"

    def _command(self, module, *arguments):
        inside = ["nsenter", "--mount", "--target", str(self.holder.pid), "--"]
        there = ["sh", "-c", 'cd "$0" && exec "$@"', str(REPO)]
        return inside + there + super()._command(module, *arguments)

    def stop(self):
        super().stop()
        self.holder.kill()
        self.holder.wait()

    def used(self):
        "Bytes of large objects on all devices; small ones lie in logs that are being written."
        root = f"/proc/{self.holder.pid}/root"
        return sum(
            os.path.getsize(os.path.join(folder, name))
            for path in self.devices.values()
            for folder, _, names in os.walk(f"{root}{path}/blobs")
            for name in names
        )


@pytest.fixture
def service(tmp_path):
    service = Small(tmp_path)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def s3(service):
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    client = boto3.client(
        "s3",
        endpoint_url=service.url,
        aws_access_key_id=S3_PAIR[0],
        aws_secret_access_key=S3_PAIR[1],
        region_name="us-east-1",
        config=config,
    )
    client.create_bucket(Bucket="box")
    return client


def _refused(call, **named):
    "The HTTP status with which a call was refused, or None."
    try:
        call(**named)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def test_full_devices_refuse_and_lose_nothing(service, s3):
    acknowledged, refused = {}, []
    for size in (MIB, 4096):
        for turn in itertools.count():
            key, body = f"{size}-{turn}", os.urandom(size)
            status = _refused(s3.put_object, Bucket="box", Key=key, Body=body)
            if status is not None:
                refused.append(status)
                break
            acknowledged[key] = body
            assert turn < 20_000, "it never gets full"
    assert acknowledged and set(refused) <= {503, 507}

    named = {"Bucket": "box", "Key": "parts"}
    named["UploadId"] = s3.create_multipart_upload(**named)["UploadId"]
    body = os.urandom(5 * MIB)
    assert _refused(s3.upload_part, **named, PartNumber=1, Body=body) in (503, 507)
    assert "Parts" not in s3.list_parts(**named)

    _is_all_there(s3, acknowledged)
    headers = {"X-Auth-Token": token(project_id="p1")}
    url = f"{service.url}/v1/AUTH_p1/box/parts"
    assert requests.put(url, data=body, headers=headers, timeout=60).status_code in (503, 507)
    service.kill()
    service.start()
    _is_all_there(s3, acknowledged)

    for key in [key for key in acknowledged if key.startswith(str(MIB))]:
        s3.delete_object(Bucket="box", Key=key)
        del acknowledged[key]
    end = time.monotonic() + 60
    while _refused(s3.upload_part, **named, PartNumber=1, Body=body) is not None:
        assert time.monotonic() < end, "what was deleted leaves no room"
        time.sleep(0.5)
    (part,) = s3.list_parts(**named)["Parts"]
    whole = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**named, MultipartUpload=whole)
    _is_all_there(s3, {**acknowledged, "parts": body})

    for key in [*acknowledged, "parts"]:
        s3.delete_object(Bucket="box", Key=key)
    end = time.monotonic() + 90
    while service.used():
        assert time.monotonic() < end, f"{service.used()} bytes are left"
        time.sleep(0.5)


def _is_all_there(s3, objects):
    "What is listed is what was acknowledged, and a part of it is looked at."
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="box")
    assert {o["Key"] for page in pages for o in page.get("Contents", [])} == set(objects)
    for key in list(objects)[:: max(1, len(objects) // 40)]:
        assert s3.get_object(Bucket="box", Key=key)["Body"].read() == objects[key]
