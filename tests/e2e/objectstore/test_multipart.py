"""Multipart uploads by boto3 while everything is killed again and again."""

import itertools
import random
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from objectstore.store.models import Blob, Part, Upload
from tests.e2e.objectstore.serving import S3_PAIR


class Uploads(threading.Thread):
    """Multipart uploads one after the other, by boto3, of a service that is killed: each step is
    repeated until it is answered. `done` are keys to the seeds of their bytes."""

    SIZES = (5 << 20, (5 << 20) + 1, 4096)

    def __init__(self, service, number):
        super().__init__()
        self.number, self.done, self.wrong = number, {}, []
        self.leave = threading.Event()
        self.s3 = boto3.client(
            "s3",
            endpoint_url=service.url,
            aws_access_key_id=S3_PAIR[0],
            aws_secret_access_key=S3_PAIR[1],
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def run(self):
        for turn in itertools.count():
            if self.leave.is_set():
                return
            try:
                self._upload(f"{self.number}-{turn}", turn)
            except Exception as error:  # it is looked at by the test
                self.wrong.append(repr(error))
                return

    def _answered(self, call, **named):
        "Again while nobody answers."
        while True:
            try:
                return call(**named)
            except BotoCoreError:
                time.sleep(0.1)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise
                time.sleep(0.1)

    def _upload(self, key, seed):
        named = {"Bucket": "box", "Key": key}
        made = self._answered(self.s3.create_multipart_upload, **named)
        named["UploadId"] = made["UploadId"]
        parts = []
        for number, piece in enumerate(self.pieces(seed), 1):
            sent = self._answered(self.s3.upload_part, **named, PartNumber=number, Body=piece)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._answered(self.s3.complete_multipart_upload, **named, MultipartUpload={"Parts": parts})
        self.done[key] = seed

    def pieces(self, seed):
        dice = random.Random(seed)
        return [dice.randbytes(size) for size in self.SIZES]


def test_kill_9_in_the_middle_of_multipart_uploads(service, deps):
    "What was completed is there and whole, nothing else shows, and in the end no byte is kept."
    uploads, dice = [Uploads(service, n) for n in range(2)], random.Random(4)
    s3 = uploads[0].s3
    s3.create_bucket(Bucket="box")
    for upload in uploads:
        upload.start()
    for _ in range(6):
        time.sleep(dice.uniform(0.5, 2))
        service.kill()
        service.start()
    for upload in uploads:
        upload.leave.set()
    for upload in uploads:
        upload.join(60)
        assert upload.wrong == [] and not upload.is_alive()
    done = {key: (upload, seed) for upload in uploads for key, seed in upload.done.items()}
    assert len(done) >= 4
    listed = {o["Key"] for o in s3.list_objects_v2(Bucket="box").get("Contents", [])}
    assert listed == set(done)
    for key, (upload, seed) in done.items():
        body = s3.get_object(Bucket="box", Key=key)["Body"].read()
        assert body == b"".join(upload.pieces(seed)), key
    for key in done:
        s3.delete_object(Bucket="box", Key=key)
    s3.delete_bucket(Bucket="box")  # and with it uploads whose first answer was lost
    with deps.db.read() as session:
        assert session.query(Blob).filter(Blob.refs > 0).count() == 0
        assert session.query(Part).count() == session.query(Upload).count() == 0
    end = time.monotonic() + 60
    while left := [p for d in service.devices.values() for p in (d / "blobs").rglob("*")]:
        files = [p for p in left if p.is_file()]
        if not files:
            break
        assert time.monotonic() < end, f"{len(files)} files are left: {files[:3]}"
        time.sleep(0.5)
