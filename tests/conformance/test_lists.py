"""Each test of the required lists, by name; a skip is a failure, since the list requires it. The
lists `beyond-...` are what else tempest has for identity, image and object storage.

Tests that need a service that the cloud's catalog does not have are left out, by name and with the
reason.
"""

import pytest

from tests.conformance import tempest

SERVICES = {
    "identity": "identity",
    "image": "image",
    "compute": "compute",
    "network": "network",
    "object": "object-store",
    "flagged": "compute",
    "beyond-identity": "identity",
    "beyond-image": "image",
    "beyond-object": "object-store",
}
NEED_VOLUMES = ("AttachVolumeTestJSON",)
CASES = [(name, test) for name in SERVICES for test in tempest.listed(name)]

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="session")
def cloud():
    return tempest.connect()


@pytest.fixture(scope="session")
def results(cloud, tmp_path_factory, request):
    "All wanted tests in one run of tempest, the selection of this pytest run only."
    wanted = [
        item.callspec.params["test"]
        for item in request.session.items
        if hasattr(item, "callspec") and "test" in item.callspec.params
    ]
    wanted = [
        t
        for t in wanted
        if cloud.has_service("block-storage") or not any(n in t for n in NEED_VOLUMES)
    ]
    return tempest.run(wanted, cloud, tmp_path_factory.mktemp("tempest"))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("name", "test"), CASES, ids=[f"{n}-{t.rpartition('tempest.api.')[2]}" for n, t in CASES]
)
def test_required(name, test, cloud, results):
    if any(n in test for n in NEED_VOLUMES) and not cloud.has_service("block-storage"):
        pytest.skip("this cloud has no volume service")
    status, why = results[test]
    assert status == "success", why
