"The compute service of a test module."

import pytest

from tests.api.compute.cloud import Cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    made = Cloud(tmp_path_factory.mktemp("compute"))
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path):
    "A cloud of one's own; call it with hosts and options."
    made = []

    def make(**options):
        made.append(Cloud(tmp_path / str(len(made)), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
