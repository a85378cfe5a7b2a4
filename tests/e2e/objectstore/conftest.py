"""An object store of real processes, and a look at it from outside."""

import pytest

from objectstore.deps import make_deps
from tests.e2e.objectstore.serving import Service


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def deps(service):
    "A look at the rows and the devices from outside."
    deps = make_deps(service.configuration())
    yield deps
    deps.engine.close()
    deps.db.dispose()
