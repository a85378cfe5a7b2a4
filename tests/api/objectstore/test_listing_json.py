"The JSON of a listing is the same whether the database makes it or we do."

import json
import random
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
def filled(swift, deps):
    for n, name in enumerate(NAMES):
        kind = 'text/"plain"; a=\\b' if n % 2 else "application/json"
        made = swift.put(f"c/{quote(name)}", b"x" * n, Content_Type=kind)
        assert made.status_code == 201, made.text
    with deps.db.write() as session:
        for name, seconds in TIMES.items():
            ts = round(seconds * clock.UNIT)
            session.execute(update(Object).where(Object.name == name).values(ts=ts))
    return core.find(deps, swift.account, "c").id


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
        {"delimiter": "/"},
        {"delimiter": "/", "limit": 1},
        {"delimiter": "/", "limit": 0},
        {"delimiter": "/", "marker": "a/"},
        {"delimiter": "/", "marker": "a/b", "reverse": True},
        {"delimiter": "/", "prefix": "a/"},
        {"delimiter": "nothing", "prefix": "nothing"},
    ],
)
def test_both_ways_say_the_same(deps, filled, bounds):
    query = Query(**{"limit": 10_000, **bounds})
    ours = json.loads(listings.objects_json(core.list_objects(deps, filled, query)))
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
    items = listings.object_items(core.list_objects(deps, filled, query))
    names = [i["name"] if "name" in i else i["subdir"] for i in items]
    assert core.list_names(deps, filled, query) == names and names


def test_what_is_listed_otherwise_is_left_to_us(swift, deps, filled):
    def made_there(**bounds):
        return core.list_as_json(deps, filled, Query(**{"limit": 100, **bounds})) is not None

    sqlite = deps.db.engine.dialect.name == "sqlite"
    assert made_there() == sqlite
    assert made_there(delimiter="/") == sqlite and not made_there(path="a")
    segment = [{"path": "/c/zz"}]
    put = swift.put("c/big?multipart-manifest=put", json.dumps(segment).encode())
    assert put.status_code == 201, put.text
    assert not made_there() and made_there(prefix="a") == sqlite
    assert not made_there(delimiter="/")
    assert made_there(delimiter="ig") == sqlite  # what is rolled up is listed as a name only
    listed = {o["name"]: o for o in swift.get("c?format=json").get_json()}
    assert "slo_etag" in listed["big"] and set(NAMES) < set(listed)


def test_rolled_up_names_are_the_same_whatever_they_are(swift, deps):
    dice = random.Random(7)

    def text(most):
        return "".join(
            dice.choice("ab/\u00e9\U0001f600\ufffd") for _ in range(dice.randint(1, most))
        )

    assert swift.put("c").status_code in (201, 202)
    names = {text(6) for _ in range(150)}
    for name in names:
        assert swift.put(f"c/{quote(name)}", b"").status_code == 201, name
    container = core.find(deps, swift.account, "c").id
    for _ in range(400):
        query = Query(
            dice.choice([1, 2, 3, 7, 20, 10_000]),
            prefix=dice.choice(["", "", text(2)]),
            marker=dice.choice(["", text(3), dice.choice(sorted(names))]),
            end_marker=dice.choice(["", "", text(3)]),
            delimiter=dice.choice(["/", "a", "b/", "\u00e9"]),
            reverse=dice.random() < 0.3,
        )
        ours = json.loads(listings.objects_json(core.list_objects(deps, container, query)))
        theirs = core.list_as_json(deps, container, query)
        if deps.db.engine.dialect.name == "sqlite":
            assert json.loads(theirs) == ours, query
        else:
            assert theirs is None
