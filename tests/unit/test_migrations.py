"""Each service's migrations build exactly the tables that its models describe, from an empty
database."""

import importlib
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from common import db
from tests.support import database_url

ROOT = Path(__file__).parents[2]
SERVICES = [p.parents[1].name for p in sorted(ROOT.glob("*/store/migrations"))]


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_match_the_models(service, tmp_path):
    url = database_url(tmp_path, service)
    db.upgrade(service, url)
    assert db.current_is_head(service, url)
    metadata = importlib.import_module(f"{service}.store.models").Base.metadata
    engine = db.make_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_are_one_line_of_history(service):
    files = sorted((ROOT / service / "store/migrations/versions").glob("*.py"))
    numbers = [f.name[:4] for f in files if f.name != "__init__.py"]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("service", SERVICES)
def test_upgrading_again_changes_nothing(service, tmp_path):
    url = database_url(tmp_path, service)
    db.upgrade(service, url)
    db.upgrade(service, url)
    assert db.current_is_head(service, url)


def test_every_option_has_help_and_a_unit_in_its_name_where_it_measures():
    for service in ("identity", "image", "objectstore", "compute", "network", "dashboard"):
        config = importlib.import_module(f"{service}.config")
        for options in config.OPTIONS.values():
            for option in options:
                assert option.help and option.help.endswith("."), (
                    f"{service}: {option.name} needs help"
                )
                assert not re.search(r"_(timeout|interval|age|delay)$", option.name), (
                    f"{option.name}: which unit?"
                )
