"Audit notifications: what is told to whoever listens, and what is left out."

import pytest


class Heard:
    "Stands where the Notifier would."

    def __init__(self):
        self.events = []

    def info(self, ctx, event_type, payload):
        self.events.append((event_type, payload))

    def types(self):
        return [event_type for event_type, _ in self.events]


@pytest.fixture
def heard(cloud):
    cloud.admin  # noqa: B018 logs in, before anybody listens
    cloud.deps.notifier = Heard()
    return cloud.deps.notifier


def test_good_logins_are_left_out_and_bad_ones_told(cloud, heard):
    cloud.log_in("demo", "demopw", project="demo")
    assert heard.types() == []
    assert cloud.auth("demo", "wrong").status_code == 401
    ((event_type, event),) = heard.events
    assert event_type == "identity.authenticate"
    assert event["outcome"] == "failure" and event["action"] == "authenticate"
    assert event["reason"]["reasonCode"] == "401"
    assert "wrong" not in str(event["initiator"])


def test_an_operator_may_have_all_of_them_or_none(cloud, heard):
    cloud.deps.config.set_override("opt_out", [], "notifications")
    claims = cloud.log_in("demo", "demopw", project="demo").body
    ((_, event),) = heard.events
    assert event["outcome"] == "success" and event["initiator"]["id"] == claims["user"]["id"]
    heard.events.clear()
    opt_out = ["identity.authenticate.success", "identity.authenticate.failed"]
    cloud.deps.config.set_override("opt_out", [*opt_out, "identity.user.updated"], "notifications")
    cloud.auth("demo", "wrong")
    user = cloud.user("new")
    cloud.admin.ok("PATCH", f"/v3/users/{user['id']}", json={"user": {"description": "x"}})
    cloud.admin.ok("DELETE", f"/v3/users/{user['id']}")
    assert heard.types() == ["identity.user.created", "identity.user.deleted"]


def test_a_change_says_what_and_who(cloud, heard):
    user = cloud.user("new")
    ((_, event),) = heard.events
    assert event["typeURI"] == "http://schemas.dmtf.org/cloud/audit/1.0/event"
    assert event["action"] == "created.user" and event["resource_info"] == user["id"]
    assert event["initiator"]["id"] == cloud.admin.body["user"]["id"]
    heard.events.clear()
    role, project = cloud.id_of("roles", "member"), cloud.id_of("projects", "demo")
    grant = f"/v3/projects/{project}/users/{user['id']}/roles/{role}"
    cloud.admin.ok("PUT", grant)
    cloud.admin.ok("DELETE", grant)
    assert heard.types() == ["identity.role_assignment.created", "identity.role_assignment.deleted"]
    assert all(e["role"] == role and e["user"] == user["id"] for _, e in heard.events)
