"""The Range header."""

from hypothesis import given
from hypothesis import strategies as st

from common.errors import RangeNotSatisfiable
from image.api.ranges import parse_range


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_what_python_slices(total, first, last):
    data = bytes(range(total))
    try:
        window = parse_range({"Range": f"bytes={first}-{last}"}, total)
    except RangeNotSatisfiable:
        assert first >= total
        return
    if window is None:
        assert last < first
    else:
        start, length = window
        assert data[start : start + length] == data[first : last + 1] != b""


@given(st.text(max_size=20), st.integers(0, 50))
def test_any_header_gives_a_window_within_the_data(text, total):
    try:
        window = parse_range({"Range": "bytes=" + text}, total)
    except RangeNotSatisfiable as error:
        assert error.headers["Content-Range"] == f"bytes */{total}"
        return
    assert window is None or (0 <= window[0] < total and 0 < window[1] <= total - window[0])
