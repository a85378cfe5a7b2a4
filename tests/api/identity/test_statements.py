"How logins ask the database."

import pytest
from sqlalchemy import event


@pytest.fixture
def told(cloud):
    "(statement, parameters) of everything that is asked from now on."
    cloud.log_in("demo", "demopw", project="demo")  # what is read once is read
    found = []
    event.listen(
        cloud.deps.db.engine, "before_cursor_execute", lambda *a: found.append((a[2], a[3]))
    )
    return found


def _asked(told):
    return [(s, p) for s, p in told if s.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]


def test_a_login_goes_by_indexes_that_end_at_one_row(cloud, told):
    engine = cloud.deps.db.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("the words of other databases' planners depend on how much is in their tables")
    domain = {"project": {"name": "demo", "domain": {"id": "default"}}}
    for scope in (None, {"domain": {"name": "Default"}}, {"system": {"all": True}}, domain):
        cloud.auth("demo", "demopw", scope)
    cloud.log_in("demo", "demopw", project="demo")
    asked = _asked(told)
    assert len(asked) >= 9
    with engine.connect() as connection:
        for statement, values in asked:
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
                assert "SCAN" not in row[3] and "is_domain" not in row[3], (row[3], statement)
