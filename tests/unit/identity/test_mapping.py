"The mapping engine of federation."

import pytest

from identity.core.mapping import evaluate
from identity.errors import AuthRefused

SAID = {
    "OIDC-sub": ["42"],
    "OIDC-name": ["ann"],
    "OIDC-groups": ["devs", "ops", "lunch"],
    "OIDC-empty": [],
}


def rule(local, *remote):
    return {"local": local, "remote": list(remote)}


def user_of(*remote, name="{0}"):
    return evaluate([rule([{"user": {"name": name}}], *remote)], SAID).user.get("name")


def test_values_go_where_they_are_asked_for():
    name = {"type": "OIDC-name"}
    sub = {"type": "OIDC-sub"}
    assert user_of(name) == "ann"
    assert user_of(sub, name, name="{1}-{0}") == "ann-42"
    assert user_of({"type": "OIDC-groups"}) == "devs;ops;lunch"
    with pytest.raises(AuthRefused):
        user_of(name, name="{1}")


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ({"type": "OIDC-name"}, True),
        ({"type": "OIDC-none"}, False),
        ({"type": "OIDC-empty"}, False),
        ({"type": "OIDC-groups", "any_one_of": ["ops", "x"]}, True),
        ({"type": "OIDC-groups", "any_one_of": ["op"]}, False),
        ({"type": "OIDC-groups", "any_one_of": ["^op"], "regex": True}, True),
        ({"type": "OIDC-groups", "any_one_of": ["(", "z"], "regex": True}, False),
        ({"type": "OIDC-groups", "not_any_of": ["x"]}, True),
        ({"type": "OIDC-groups", "not_any_of": ["x", "ops"]}, False),
        ({"type": "OIDC-groups", "not_any_of": ["unch$"], "regex": True}, False),
    ],
)
def test_conditions(condition, applies):
    rules = [rule([{"user": {"name": "x"}}], condition)]
    if applies:
        assert evaluate(rules, SAID).user == {"name": "x"}
    else:
        with pytest.raises(AuthRefused):
            evaluate(rules, SAID)


def test_conditions_that_only_test_give_no_values():
    rules = [
        rule(
            [{"user": {"name": "{0}"}}],
            {"type": "OIDC-groups", "any_one_of": ["ops"]},
            {"type": "OIDC-name"},
        )
    ]
    assert evaluate(rules, SAID).user == {"name": "ann"}


def test_groups():
    domain = {"id": "d"}
    rules = [
        rule([{"user": {"name": "{0}"}}, {"group": {"id": "g"}}], {"type": "OIDC-name"}),
        rule(
            [{"groups": "{0}", "domain": domain}],
            {"type": "OIDC-groups", "whitelist": ["devs", "ops"]},
        ),
        rule([{"group_ids": "{0}"}], {"type": "OIDC-groups", "blacklist": ["devs", "ops"]}),
        rule([{"group": {"name": "all-{0}", "domain": {"name": "D"}}}], {"type": "OIDC-sub"}),
        rule([{"group": {"id": "no"}}], {"type": "OIDC-none"}),
    ]
    found = evaluate(rules, SAID)
    assert found.user == {"name": "ann"} and found.group_ids == ["g", "lunch"]
    assert found.groups == [("devs", domain), ("ops", domain), ("all-42", {"name": "D"})]


def test_the_first_user_counts_and_projects_add_up():
    project = {"name": "of {0}", "roles": [{"name": "member"}]}
    rules = [
        rule([{"user": {"name": "{0}"}, "projects": [project]}], {"type": "OIDC-name"}),
        rule([{"user": {"name": "other"}, "projects": [project]}], {"type": "OIDC-sub"}),
    ]
    found = evaluate(rules, SAID)
    assert found.user["name"] == "ann"
    assert [p["name"] for p in found.projects] == ["of ann", "of 42"]
