"The metadata service as guests ask it, by the network's agent."

import base64
import hashlib
import hmac
import json

import pytest

from compute.metadata.app import create_app
from tests.api.compute.cloud import Cloud

SECRET = "shared"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    made = Cloud(
        tmp_path_factory.mktemp("metadata"), **{"metadata.secret": SECRET, "metadata.cache_s": 0}
    )
    made.guest = create_app(made.config, deps=made.deps).test_client()
    made.member.ok("POST", "/v2.1/os-keypairs", json={"keypair": {"name": "kk"}})
    made.one = made.boot(
        key_name="kk",
        metadata={"role": "web"},
        user_data=base64.b64encode(b"#!/bin/sh\n\xff").decode(),
    )
    yield made
    made.close()


def ask(cloud, path, server=None, signature=None, **headers):
    server_id = server or cloud.one["id"]
    good = hmac.new(SECRET.encode(), server_id.encode(), hashlib.sha256).hexdigest()
    sent = {
        "X-Instance-ID": server_id,
        "X-Tenant-ID": "project-1",
        "X-Instance-ID-Signature": signature or good,
        "X-Forwarded-For": "10.0.0.5",
        **headers,
    }
    return cloud.guest.get(path, headers={k: v for k, v in sent.items() if v})


def test_meta_data_of_every_version(cloud):
    versions = ask(cloud, "/openstack").text.split("\n")
    assert versions[0] == "2012-08-10" and versions[-1] == "latest" and len(versions) == 10
    for version in versions:
        names = ask(cloud, f"/openstack/{version}/").text.split("\n")
        for name in names:
            assert ask(cloud, f"/openstack/{version}/{name}").status_code == 200
        meta = ask(cloud, f"/openstack/{version}/meta_data.json").json
        assert meta["uuid"] == cloud.one["id"] and meta["meta"] == {"role": "web"}
        assert ("network_data.json" in names) == (version >= "2015-10-15")
        assert ("random_seed" in meta) == (version >= "2013-04-04")


def test_user_data_and_network(cloud):
    assert ask(cloud, "/openstack/latest/user_data").data == b"#!/bin/sh\n\xff"
    network = ask(cloud, "/openstack/latest/network_data.json").json
    assert network["networks"][0]["type"] == "ipv4_dhcp" and network["links"][0]["mtu"] == 1442


def test_ec2(cloud):
    assert "latest" in ask(cloud, "/").text.split("\n")
    tree = ask(cloud, "/latest/meta-data/").text.split("\n")
    assert "hostname" in tree and "placement/" in tree and "public-keys/" in tree
    assert ask(cloud, "/latest/meta-data/hostname").text == "one"
    assert ask(cloud, "/latest/meta-data/public-keys/").text == "0=kk"
    assert ask(cloud, "/latest/meta-data/public-keys/0/openssh-key").text.startswith("ssh-rsa ")
    assert ask(cloud, "/latest/meta-data/placement/availability-zone").text == "nova"
    assert ask(cloud, "/2009-04-04/user-data").data == b"#!/bin/sh\n\xff"
    assert ask(cloud, "/1.0/meta-data/placement/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/openstack/1999-01-01/meta_data.json",
        "/openstack/latest/nothing",
        "/nonsense",
        "/latest/meta-data/nothing",
    ],
)
def test_what_is_not_there(cloud, path):
    assert ask(cloud, path).status_code == 404


def test_only_signed_requests_of_the_right_project_are_answered(cloud):
    path = "/openstack/latest/meta_data.json"
    assert ask(cloud, path, signature="0" * 64).status_code == 403
    assert ask(cloud, path, **{"X-Instance-ID-Signature": None}).status_code == 400
    assert ask(cloud, path, **{"X-Tenant-ID": "project-2"}).status_code == 404
    assert ask(cloud, path, server="11111111-2222-3333-4444-555555555555").status_code == 404
    assert cloud.guest.get(path).status_code == 404


def test_a_guest_puts_up_its_password_once(cloud):
    headers = dict(ask(cloud, "/openstack").request.headers)
    path = "/openstack/2013-10-17/password"
    assert cloud.guest.post(path, data=b"encrypted", headers=headers).status_code == 200
    assert cloud.guest.post(path, data=b"other", headers=headers).status_code == 400
    shown = f"/v2.1/servers/{cloud.one['id']}/os-server-password"
    assert cloud.member.ok("GET", shown) == {"password": "encrypted"}
    cloud.member.ok("DELETE", shown, status=204)
    assert cloud.member.ok("GET", shown) == {"password": ""}
    assert json.loads(ask(cloud, "/openstack/latest/meta_data.json").data)["name"] == "one"
