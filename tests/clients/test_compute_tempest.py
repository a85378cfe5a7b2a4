"""tempest's own compute clients against the API in one process: each checks every answer against
tempest's response schemas, field by field, at the microversion that it sends. This is the
outside judge of what the API answers at 2.1 to 2.100."""

import base64
import importlib

import pytest
from tempest.lib.services.compute import (
    aggregates_client,
    availability_zone_client,
    base_compute_client,
    flavors_client,
    hypervisor_client,
    interfaces_client,
    keypairs_client,
    limits_client,
    migrations_client,
    quota_classes_client,
    quotas_client,
    server_groups_client,
    servers_client,
    services_client,
    tenant_usages_client,
)

from tests.api.compute.cloud import Cloud
from tests.support import token

VERSIONS = sorted(
    {
        *(
            f"2.{n}"
            for n in (
                1,
                2,
                3,
                6,
                8,
                9,
                10,
                11,
                13,
                16,
                19,
                23,
                26,
                28,
                33,
                35,
                36,
                37,
                39,
                40,
                41,
                42,
                45,
                47,
                48,
                50,
                51,
                52,
                53,
                54,
                55,
                57,
                58,
                59,
                61,
                62,
                63,
                64,
                66,
                70,
                71,
                73,
                75,
                79,
                80,
                83,
                84,
                87,
                88,
                89,
                90,
                91,
                92,
                94,
                96,
                97,
                98,
                99,
                100,
            )
        )
    },
    key=lambda v: int(v[2:]),
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    made = Cloud(tmp_path_factory.mktemp("tempest"))
    made.server = made.boot(metadata={"a": "b"})
    made.volume_server = made.boot()
    made.member.ok(
        "POST",
        f"/v2.1/servers/{made.volume_server['id']}/os-volume_attachments",
        json={"volumeAttachment": {"volumeId": made.volumes.add()}},
    )
    made.wait(made.volume_server["id"])
    made.other_flavor = made.flavor()
    yield made
    made.close()


class _Auth:
    "What RestClient asks of an auth provider."

    def __init__(self, **who):
        self.token = token(**who)

    def auth_request(self, method, url, headers=None, body=None, filters=None):
        return (
            f"http://compute.test/v2.1/{url}",
            {**(headers or {}), "X-Auth-Token": self.token},
            body,
        )

    def base_url(self, filters, auth_data=None):
        return "http://compute.test/v2.1"


class _Http:
    "The http object of RestClient, on the WSGI app."

    def __init__(self, app):
        self.client = app.test_client()

    def request(self, url, method, headers=None, body=None, **options):
        answer = self.client.open(
            url.removeprefix("http://compute.test"), method=method, headers=headers, data=body
        )
        response = _Response({k.lower(): v for k, v in answer.headers.items()})
        response.status, response.reason = answer.status_code, answer.status
        response["status"] = str(answer.status_code)
        return response, answer.get_data()


class _Response(dict):
    status = 0
    reason = ""


@pytest.fixture
def at(cloud, monkeypatch):
    "Make a tempest client that speaks a microversion."

    def make(module, version, admin=True):
        monkeypatch.setattr(
            base_compute_client, "COMPUTE_MICROVERSION", None if version == "2.1" else version
        )
        cls = next(
            c for n, c in vars(module).items() if n.endswith("Client") and n != "BaseComputeClient"
        )
        who = {"roles": ("admin",), "project_id": "project-1"} if admin else {}
        client = cls(_Auth(**who), "compute", "RegionOne")
        client.http_obj = _Http(cloud.app)
        return client

    return make


@pytest.mark.parametrize("version", VERSIONS)
def test_servers_are_shown_and_listed(cloud, at, version):
    client = at(servers_client, version)
    for server in (cloud.server, cloud.volume_server):
        assert client.show_server(server["id"])["server"]["id"] == server["id"]
    assert len(client.list_servers(detail=True)["servers"]) >= 2
    client.list_servers()
    client.list_instance_actions(cloud.server["id"])
    client.list_addresses(cloud.server["id"])
    client.list_server_metadata(cloud.server["id"])
    client.update_server(cloud.server["id"], name="renamed")
    user = at(servers_client, version, admin=False)
    actions = user.list_instance_actions(cloud.server["id"])["instanceActions"]
    user.show_instance_action(cloud.server["id"], actions[-1]["request_id"])
    user.show_server(cloud.server["id"])
    user.list_volume_attachments(cloud.volume_server["id"])


@pytest.mark.parametrize("version", VERSIONS)
def test_flavors_and_keypairs(cloud, at, version):
    flavors = at(flavors_client, version)
    flavors.list_flavors(detail=True)
    flavors.list_flavors()
    made = flavors.create_flavor(name=f"f{version}", ram=64, vcpus=1, disk=1, id=f"f{version}")[
        "flavor"
    ]
    flavors.show_flavor(made["id"])
    flavors.set_flavor_extra_spec(made["id"], **{"hw:cpu_policy": "shared"})
    flavors.list_flavor_extra_specs(made["id"])
    flavors.delete_flavor(made["id"])
    keys = at(keypairs_client, version, admin=False)
    keys.create_keypair(name=f"k{version.replace('.', '_')}", public_key=_public_key())
    keys.list_keypairs()
    keys.show_keypair(f"k{version.replace('.', '_')}")
    keys.delete_keypair(f"k{version.replace('.', '_')}")


def _public_key():
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} me@there"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_operators_read(cloud, at, version):
    at(services_client, version).list_services()
    if int(version[2:]) < 88:  # tempest knows no later shape of them
        hypervisors = at(hypervisor_client, version)
        found = hypervisors.list_hypervisors(detail=True)["hypervisors"]
        hypervisors.show_hypervisor(found[0]["id"])
    at(migrations_client, version).list_migrations()
    at(availability_zone_client, version).list_availability_zones(detail=True)
    at(tenant_usages_client, version).list_tenant_usages(detailed=1)
    at(tenant_usages_client, version).show_tenant_usage("project-1")
    quotas = at(quotas_client, version)
    quotas.show_quota_set("project-1")
    quotas.show_quota_set("project-1", detail=True)
    quotas.show_default_quota_set("project-1")
    quotas.update_quota_set("project-9", instances=20)
    at(quota_classes_client, version).show_quota_class_set("default")
    at(limits_client, version).show_limits()
    at(interfaces_client, version).list_interfaces(cloud.server["id"])


@pytest.mark.parametrize("version", VERSIONS)
def test_aggregates_and_groups(cloud, at, version):
    aggregates = at(aggregates_client, version)
    made = aggregates.create_aggregate(name=f"a{version}")["aggregate"]
    aggregates.add_host(made["id"], host="node-1")
    aggregates.set_metadata(made["id"], metadata={"a": "b"})
    aggregates.show_aggregate(made["id"])
    aggregates.list_aggregates()
    aggregates.remove_host(made["id"], host="node-1")
    aggregates.delete_aggregate(made["id"])
    groups = at(server_groups_client, version, admin=False)
    policy = {"policy": "affinity"} if int(version[2:]) >= 64 else {"policies": ["affinity"]}
    group = groups.create_server_group(name="g", **policy)["server_group"]
    groups.show_server_group(group["id"])
    groups.list_server_groups()
    groups.delete_server_group(group["id"])


@pytest.mark.parametrize(
    "version", ["2.1", "2.19", "2.45", "2.57", "2.63", "2.75", "2.90", "2.98", "2.100"]
)
def test_rebuild_and_create(cloud, at, version):
    client = at(servers_client, version, admin=False)
    image = next(iter(cloud.images.images))
    made = client.create_server(
        name="t",
        imageRef=image,
        flavorRef=cloud.shared_flavor(),
        networks=[{"uuid": next(iter(cloud.networks.networks))}],
    )["server"]
    cloud.wait(made["id"])
    client.rebuild_server(made["id"], image_ref=image)
    cloud.wait(made["id"])
    client.get_console_output(made["id"], length=3)
    client.delete_server(made["id"])
    cloud.gone(made["id"])


def test_the_list_of_versions_covers_every_schema_that_tempest_has():
    package = importlib.import_module("tempest.lib.api_schema.response.compute")
    from pathlib import Path

    names = {p.name for p in Path(package.__path__[0]).glob("v2_*")}
    assert {f"v{v.replace('.', '_')}" for v in VERSIONS} >= names
