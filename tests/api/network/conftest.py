"The network API on a database of its own, with OVN stood in for, and clients of several people."

import pytest

from common import db
from network.app import create_app, make_deps
from network.config import load
from tests.support import authenticator, client, database_url


@pytest.fixture
def config(tmp_path):
    "Options of a service that has nothing outside its process."
    return load(
        **{
            "state_dir": str(tmp_path),
            "bus.url": "memory://",
            "ovn.nb_connection": "",
            "database.url": database_url(tmp_path, "network"),
        }
    )


@pytest.fixture
def deps(config):
    db.upgrade("network", config.database.url)
    made = make_deps(config)
    yield made
    made.db.dispose()


@pytest.fixture
def app(config, deps):
    return create_app(config, authenticate=authenticator("network"), deps=deps)


@pytest.fixture
def admin(app):
    return client(app, project_id="a" * 32, roles=["admin", "member", "reader"])


@pytest.fixture
def demo(app):
    return client(app, project_id="d" * 32, roles=["member", "reader"])


@pytest.fixture
def other(app):
    return client(app, project_id="e" * 32, roles=["member", "reader"])


@pytest.fixture
def reader(app):
    return client(app, project_id="d" * 32, roles=["reader"])


@pytest.fixture
def outside(admin):
    "An external network with addresses to give."
    wish = {"network": {"router:external": True}}
    net = admin.ok("POST", "/v2.0/networks", json=wish)["network"]
    wish = {"network_id": net["id"], "cidr": "172.24.4.0/24", "ip_version": 4}
    admin.ok("POST", "/v2.0/subnets", json={"subnet": {**wish, "enable_dhcp": False}})
    return net
