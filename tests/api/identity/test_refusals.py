"A refusal tells nothing: a wrong user, a user with no password and a wrong password cost the same."

import statistics
import time

import pytest

from identity import config as identity_config

REAL_COST = {
    "argon2id": {"password.argon2_memory_kib": 19456, "password.argon2_time_cost": 2},
    "bcrypt": {"password.algorithm": "bcrypt", "password.bcrypt_rounds": 8},
}


@pytest.mark.parametrize("algorithm", REAL_COST)
def test_a_wrong_user_costs_what_a_wrong_password_does(make_cloud, algorithm):
    cloud = make_cloud(**REAL_COST[algorithm])
    cloud.admin.ok("POST", "/v3/users", json={"user": {"name": "no-password"}})
    cloud.auth("demo", "warm")  # imports and connections

    def cost(user):
        # CPU time of all threads: what else runs on the machine does not count.
        began = time.process_time()
        assert cloud.auth(user, "a wrong one").status_code == 401
        return time.process_time() - began

    users = ("nobody", "no-password", "demo")
    costs = {user: [] for user in users}
    first = cost("nobody")
    for _ in range(15):
        for user in users:
            costs[user].append(cost(user))
    usual = statistics.median(costs["demo"])
    assert statistics.median(costs["nobody"]) == pytest.approx(usual, rel=0.2)
    assert statistics.median(costs["no-password"]) == pytest.approx(usual, rel=0.2)
    assert first < 1.6 * usual, "the first unknown user costs a hash more"


def test_argon2id_is_at_the_minimum_that_owasp_names_or_above():
    options = identity_config.load().password
    assert options.algorithm == "argon2id"
    # OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1
    assert options.argon2_memory_kib >= 19456
    assert options.argon2_time_cost >= 2
    assert options.argon2_parallelism >= 1
