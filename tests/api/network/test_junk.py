"Junk at every route."

import pytest

from tests.support import junk


@pytest.mark.timeout(400)
@pytest.mark.parametrize("who", ["admin", "reader"])
def test_whatever_is_sent_is_answered(app, who, request):
    count, bad = junk.throw(app, request.getfixturevalue(who))
    assert count > 1000
    assert not bad, f"{len(bad)} of {count}: {bad[:10]}"
