"Junk at every route."

import pytest

from tests.support import junk


@pytest.mark.timeout(400)
@pytest.mark.parametrize("who", ["admin", "demo"])
def test_whatever_is_sent_is_answered(cloud, who):
    client = cloud.admin if who == "admin" else cloud.log_in("demo", "demopw", project="demo")
    count, bad = junk.throw(cloud.app, client)
    assert count > 1000
    assert not bad, f"{len(bad)} of {count}: {bad[:10]}"


@pytest.mark.parametrize("path", ["/v3/ec2tokens", "/v3/s3tokens"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ec2token": None}, "credentials"),
        ({"credentials": {}}, "credentials"),
        ({"credentials": {"access": "a", "signature": "s", "params": ["x"]}}, "params"),
        ({"credentials": {"access": "a", "signature": "s", "headers": "x"}}, "headers"),
    ],
)
def test_a_signed_request_that_is_none_names_the_field(cloud, path, body, field):
    answer = cloud.admin.post(path, json=body)
    assert answer.status_code == 400
    assert field in answer.json["error"]["message"]
