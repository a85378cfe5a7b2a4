"""boto3 against the application behind a real HTTP server. What identity would say of a signature
is said here: access keys of a member, a reader, a guest without a role, and another project."""

import base64
import contextlib
import hmac
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.serving import WSGIRequestHandler, make_server

from objectstore.core.s3.signers import Answer, Signers
from objectstore.core.s3.sigv4 import signature, signing_key
from objectstore.store.models import Blob
from tests.api.objectstore.swift import PROJECT
from tests.support import authenticator, token

OTHER = "22222222222222222222222222222222"
KEYS = {
    "owner": ("owner-secret", {"project_id": PROJECT, "roles": ("member",)}),
    "reader": ("reader-secret", {"project_id": PROJECT, "roles": ("reader",)}),
    "guest": ("guest-secret", {"project_id": PROJECT, "roles": ("guest",), "user_id": "guest"}),
    "other": ("other-secret", {"project_id": OTHER, "roles": ("member",)}),
}


class Identity:
    "What /v3/s3tokens does; `asked` counts."

    def __init__(self):
        self.asked = 0

    def __call__(self, access, text, given):
        self.asked += 1
        if access not in KEYS:
            return None
        secret, who = KEYS[access]
        if not text.startswith("AWS4-"):
            wanted = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
            return Answer(token(**who), None) if hmac.compare_digest(wanted, given) else None
        key = signing_key(secret, text.split("\n")[2])
        if not hmac.compare_digest(signature(key, text), given):
            return None
        return Answer(token(**who), key)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


@contextlib.contextmanager
def serving(app, identity):
    "The URL of the application."
    deps = app.extensions["deps"]
    deps.signers = Signers(identity, authenticator("object-store"), 60)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(url, access="owner", secret=None, **options):
    "A boto3 client of S3."
    config = Config(
        retries={"max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4"
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access,
        aws_secret_access_key=secret or KEYS[access][0],
        region_name="us-east-1",
        config=config.merge(Config(**options)),
    )


def code(call, *arguments, **named):
    "The error code of a call that must fail, and its status."
    with pytest.raises(ClientError) as caught:
        call(*arguments, **named)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def put(client, key, body=b"x", **more):
    return client.put_object(Bucket="bucket", Key=key, Body=body, **more)


def read(client, key, **more):
    return client.get_object(Bucket="bucket", Key=key, **more)["Body"].read()


def live_blobs(deps):
    with deps.db.read() as session:
        return session.query(Blob).filter(Blob.refs > 0).count()
