"The JSON of a listing is the same whether the database makes it or we do."

import json
from urllib.parse import quote

import pytest
from sqlalchemy import update

from objectstore.core import clock
from objectstore.core import containers as core
from objectstore.store.listing import Query
from objectstore.store.models import Object
from objectstore.views import listings

NAMES = ["a", "a/b", "a/c d", 'quote"\\', "\u00fc/\U0001f600", "tab\tnew\nline", "[1]", "zz"]

DAY = 86400
TIMES = {"a": 0, "a/b": DAY - 0.00001, "zz": 4_102_444_799.5, "[1]": 59 * DAY + 3599.00007}
"Seconds since 1970 of some of them."


@pytest.fixture
def filled(swift, deps, monkeypatch):
    monkeypatch.setattr(core, "FEW", 0)
    for n, name in enumerate(NAMES):
        kind = 'text/"plain"; a=\\b' if n % 2 else "application/json"
        made = swift.put(f"c/{quote(name)}", b"x" * n, Content_Type=kind)
        assert made.status_code == 201, made.text
    with deps.db.write() as session:
        for name, seconds in TIMES.items():
            ts = round(seconds * clock.UNIT)
            session.execute(update(Object).where(Object.name == name).values(ts=ts))
    return core.find(deps, swift.account, "c")


@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"limit": 3},
        {"limit": 0},
        {"prefix": "a"},
        {"marker": "a/b"},
        {"end_marker": "a/c d"},
        {"reverse": True},
        {"reverse": True, "limit": 2, "marker": "zz"},
        {"prefix": "nothing"},
    ],
)
def test_both_ways_say_the_same(deps, filled, bounds):
    query = Query(**{"limit": 10_000, **bounds})
    ours = json.loads(listings.objects_json(core.list_objects(deps, filled.id, query)))
    theirs = core.list_as_json(deps, filled, query)
    if deps.db.engine.dialect.name == "sqlite":
        assert json.loads(theirs) == ours
    else:
        assert theirs is None


@pytest.mark.parametrize(
    "bounds",
    [{}, {"limit": 2}, {"delimiter": "/"}, {"path": "a"}, {"prefix": "a", "reverse": True}],
)
def test_names_alone_are_those_of_the_rows(deps, filled, bounds):
    query = Query(**{"limit": 10_000, **bounds})
    items = listings.object_items(core.list_objects(deps, filled.id, query))
    names = [i["name"] if "name" in i else i["subdir"] for i in items]
    assert core.list_names(deps, filled.id, query) == names and names
    text = core.list_as_text(deps, filled, query)
    if deps.db.engine.dialect.name != "sqlite" or "delimiter" in bounds or "path" in bounds:
        assert text is None
    else:
        assert text == listings.names_text(names)


def test_no_names_are_no_lines(deps, filled):
    if deps.db.engine.dialect.name == "sqlite":
        assert core.list_as_text(deps, filled, Query(10_000, prefix="nothing")) == b""


def test_what_is_listed_otherwise_is_left_to_us(swift, deps, filled):
    def made_there(**bounds):
        return core.list_as_json(deps, filled, Query(**{"limit": 100, **bounds})) is not None

    sqlite = deps.db.engine.dialect.name == "sqlite"
    assert made_there() == sqlite
    assert not made_there(delimiter="/") and not made_there(path="a")
    segment = [{"path": "/c/zz"}]
    put = swift.put("c/big?multipart-manifest=put", json.dumps(segment).encode())
    assert put.status_code == 201, put.text
    assert not made_there() and made_there(prefix="a") == sqlite
    listed = {o["name"]: o for o in swift.get("c?format=json").get_json()}
    assert "slo_etag" in listed["big"] and set(NAMES) < set(listed)


def test_a_short_listing_is_made_of_the_rows(deps, filled, monkeypatch):
    monkeypatch.setattr(core, "FEW", 5)
    assert core.list_as_json(deps, filled, Query(4)) is None
    sqlite = deps.db.engine.dialect.name == "sqlite"
    assert (core.list_as_json(deps, filled, Query(10_000)) is not None) == sqlite
    monkeypatch.setattr(core, "FEW", len(NAMES) + 1)
    assert core.list_as_json(deps, filled, Query(10_000)) is None
