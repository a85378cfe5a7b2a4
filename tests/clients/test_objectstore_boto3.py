"""boto3 on a running cloud: EC2 credentials of a user, the buckets of his project, and the same
data by the other API."""

import io
import os
import uuid

import boto3
import openstack
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.cloud
MIB = 1 << 20


@pytest.fixture
def cloud(config):
    return openstack.connect(cloud="devstack")


@pytest.fixture
def pair(cloud):
    "An access key of demo's."
    user, project = cloud.current_user_id, cloud.current_project_id
    path = f"/users/{user}/credentials/OS-EC2"
    made = cloud.identity.post(path, json={"tenant_id": project}).json()["credential"]
    yield made
    cloud.identity.delete(f"{path}/{made['access']}")


def client(cloud, pair):
    url = cloud.object_store.get_endpoint().partition("/v1/")[0]
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=pair["access"],
        aws_secret_access_key=pair["secret"],
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def test_a_project_has_the_same_data_by_both_apis(cloud, pair):
    s3, bucket = client(cloud, pair), f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    body = os.urandom(12 * MIB + 5)
    transfer = boto3.s3.transfer.TransferConfig(
        multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB
    )
    try:
        s3.upload_fileobj(io.BytesIO(body), bucket, "folder/ä file", Config=transfer)
        s3.put_object(Bucket=bucket, Key="small", Body=b"small", Metadata={"a": "b"})
        names = [o.name for o in cloud.object_store.objects(bucket)]
        assert names == ["folder/ä file", "small"]
        assert cloud.object_store.download_object("folder/ä file", bucket) == body
        cloud.object_store.upload_object(bucket, "theirs", data=b"by swift")
        assert s3.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"by swift"
        got = io.BytesIO()
        s3.download_fileobj(bucket, "folder/ä file", got, Config=transfer)
        assert got.getvalue() == body
        link = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "small"})
        assert requests.get(link, timeout=10).content == b"small"
        assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    finally:
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def test_a_wrong_secret_or_a_deleted_key_opens_nothing(cloud, pair):
    wrong = client(cloud, {**pair, "secret": pair["secret"][::-1]})
    with pytest.raises(ClientError) as caught:
        wrong.list_buckets()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    path = f"/users/{cloud.current_user_id}/credentials/OS-EC2/{pair['access']}"
    assert cloud.identity.delete(path).status_code == 204
    with pytest.raises(ClientError) as caught:
        client(cloud, pair).list_buckets()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
