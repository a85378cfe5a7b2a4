"""The query language of image lists, without a database."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from common.errors import BadRequest
from image.core import filters


def parse(*pairs):
    return filters.parse(MultiDict(pairs), default=25, most=1000)


@pytest.mark.parametrize(
    "text, values",
    [
        ("a,b", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ("a", ["a"]),
        ('"say ""x""",b', ['say "x"', "b"]),
    ],
)
def test_quotes_protect_commas(text, values):
    assert filters.split_list("name", text) == values


def test_a_name_may_have_a_colon():
    assert parse(("name", "10:30")).terms == [("name", "eq", "10:30")]
    assert parse(("name", "eq:10:30")).terms == [("name", "eq", "10:30")]


def test_times_are_utc_unless_they_say_otherwise():
    ((_, operator, moment),) = parse(("created_at", "gt:2026-01-01T10:00:00")).terms
    assert operator == "gt" and moment.utcoffset() == datetime.timedelta(0)
    ((_, _, moment),) = parse(("created_at", "2026-01-01T10:00:00+02:00")).terms
    assert moment == datetime.datetime(2026, 1, 1, 8, tzinfo=datetime.UTC)


def test_one_direction_is_for_all_keys():
    listing = parse(("sort_key", "name"), ("sort_key", "size"), ("sort_dir", "asc"))
    assert listing.sort == [("name", "asc"), ("size", "asc")]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "name",
                    "created_at",
                    "size_min",
                    "limit",
                    "sort",
                    "sort_key",
                    "sort_dir",
                    "visibility",
                    "protected",
                    "status",
                    "tag",
                    "x",
                    "marker",
                    "member_status",
                ]
            ),
            st.text(max_size=30),
        ),
        max_size=6,
    )
)
def test_no_query_is_an_internal_error(pairs):
    try:
        listing = parse(*pairs)
    except BadRequest as error:
        assert error.message
    else:
        assert 0 <= listing.limit <= 1000
