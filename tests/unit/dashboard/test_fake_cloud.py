"The stand-in is like the real thing where it matters: OpenStack's own client works with it."

import openstack
import pytest
from openstack import exceptions


@pytest.fixture
def connection(cloud):
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=f"{cloud.url}/identity/v3",
        username="demo",
        password="secret",
        project_name="demo",
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
        **{
            f"{s}_endpoint_override": f"{cloud.url}/{p}"
            for s, p in (
                ("compute", "compute/v2.1"),
                ("image", "image/v2"),
                ("network", "network/v2.0"),
            )
        },
        compute_api_version="2",
        image_api_version="2",
        network_api_version="2",
    )


def test_openstacksdk_lists_creates_and_deletes(connection, cloud):
    cloud.world.add_server("web")
    assert [s.name for s in connection.compute.servers()] == ["web"]
    network = connection.network.create_network(name="blue")
    assert connection.network.get_network(network.id).name == "blue"
    connection.network.delete_network(network.id)
    with pytest.raises(exceptions.NotFoundException):
        connection.network.get_network(network.id)
    assert {i.name for i in connection.image.images()} == {"debian-12", "altostratus-tiny"}


def test_openstacksdk_sees_its_errors(connection, cloud):
    server = cloud.world.add_server("web", locked=True)
    with pytest.raises(exceptions.ConflictException, match="is locked"):
        connection.compute.stop_server(server["id"])


def test_wrong_passwords_and_tokens_are_refused(cloud):
    import requests

    body = {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {"name": "demo", "domain": {"id": "default"}, "password": "no"}
                },
            }
        }
    }
    assert (
        requests.post(f"{cloud.url}/identity/v3/auth/tokens", json=body, timeout=5).status_code
        == 401
    )
    assert (
        requests.get(
            f"{cloud.url}/compute/v2.1/servers/detail", headers={"X-Auth-Token": "no"}, timeout=5
        ).status_code
        == 401
    )


def test_a_service_that_is_down_gives_no_answer(cloud):
    import requests

    cloud.down.add("compute")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{cloud.url}/compute/v2.1/limits", timeout=5)
