"""Tokens: what is accepted, what is refused, how revocations arrive."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.auth import Authenticator, Freshness, RevocationsUnknown, path_matches
from common.bus import Events
from common.errors import Unauthorized
from common.tokens import Claims, Revocation, Revocations, Signer, Verifier, jwks, parse_jwks

KEY = Ed25519PrivateKey.generate()


def claims(**more):
    now = time.time()
    return Claims(
        **(
            {
                "user_id": "u1",
                "issued_at": now,
                "expires_at": now + 60,
                "audit_ids": ["a2", "a1"],
                "user_domain_id": "default",
                "project_id": "p1",
                "project_domain_id": "d1",
                "roles": [["r1", "member"]],
                "methods": ["password"],
            }
            | more
        )
    )


def test_a_token_says_what_was_signed():
    said = claims(
        trust={"id": "t1", "trustor": "u0", "trustee": "u1", "impersonation": False}, system=None
    )
    verifier = Verifier(keys=parse_jwks(jwks({"k1": KEY.public_key()})))
    assert verifier.verify(Signer(KEY, "k1").sign(said)) == said


@pytest.mark.parametrize(
    "damage",
    [
        lambda h, p, s: f"{h}.{p}.{s[:-8]}AAAAAAAA",
        lambda h, p, s: f"{h}.{p[:-4]}AAAA.{s}",
        lambda h, p, s: f"{h}.{p}",
        lambda h, p, s: f"{h}.{p}.",
        lambda h, p, s: "ü.b.c",
        lambda h, p, s: "",
        lambda h, p, s: f"{h}.{p}.{s}.x",
        lambda h, p, s: (
            base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "k1"}).encode()).decode()
            + f".{p}.{s}"
        ),
    ],
)
def test_a_damaged_token_is_refused(damage):
    parts = Signer(KEY, "k1").sign(claims()).split(".")
    with pytest.raises(Unauthorized):
        Verifier(keys={"k1": KEY.public_key()}).verify(damage(*parts))


def test_wrong_key_wrong_audience_and_expiry_are_refused(monkeypatch):
    verifier = Verifier(keys={"k1": KEY.public_key()})
    for token in (
        Signer(Ed25519PrivateKey.generate(), "k1").sign(claims()),
        Signer(KEY, "k2").sign(claims()),
        Signer(KEY, "k1").sign(claims(expires_at=time.time() - 1)),
    ):
        with pytest.raises(Unauthorized):
            verifier.verify(token)
    monkeypatch.setattr("common.tokens.AUDIENCE", "somebody else")
    foreign = Signer(KEY, "k1").sign(claims())
    monkeypatch.undo()
    with pytest.raises(Unauthorized):
        verifier.verify(foreign)


def test_an_unknown_key_is_fetched_but_not_again_and_again():
    asked = []

    def fetch():
        asked.append(1)
        return jwks({"k1": KEY.public_key()})

    verifier = Verifier(fetch)
    verifier.verify(Signer(KEY, "k1").sign(claims()))
    for _ in range(10):
        with pytest.raises(Unauthorized):
            verifier.verify(Signer(KEY, "unknown").sign(claims()))
    assert len(asked) == 1


@pytest.mark.parametrize(
    "key",
    [
        "audit:a2",
        "chain:a1",
        "user:u1",
        "project:p1",
        "domain:d1",
        "domain:default",
        "grant:u1:p1",
        "role:r1",
    ],
)
def test_every_key_of_a_token_revokes_it_and_spares_later_ones(key):
    revocations = Revocations()
    old = claims(issued_at=100.25)
    revocations.add([Revocation(1, key, 100.25, time.time() + 60)])
    assert revocations.revoked(old)
    assert not revocations.revoked(claims(issued_at=100.250001))
    assert not Revocations().revoked(old)


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class FakeIdentity:
    "The revocation list of identity, and whether it can be reached."

    def __init__(self):
        self.records, self.reachable, self.asked = [], True, 0

    def __call__(self, since):
        self.asked += 1
        if not self.reachable:
            raise OSError("unreachable")
        return {
            "revocations": [r for r in self.records if r["seq"] > since],
            "latest": len(self.records),
        }

    def revoke(self, key):
        self.records.append(
            {
                "seq": len(self.records) + 1,
                "key": key,
                "issued_before": time.time(),
                "expires_at": time.time() + 99,
            }
        )
        return self.records[-1]


def test_without_a_bus_a_revocation_counts_within_a_second():
    identity = FakeIdentity()
    check = Authenticator(
        Verifier(keys={"k1": KEY.public_key()}), Freshness(identity, None, 60), "compute"
    )
    token = Signer(KEY, "k1").sign(claims())
    assert check(token).user_id == "u1"
    identity.revoke("user:u1")
    time.sleep(0.6)
    with pytest.raises(Unauthorized):
        check(token)


def test_with_a_bus_a_revocation_counts_at_once_and_nobody_polls():
    identity, events = FakeIdentity(), Events("memory://", exchange="test-revocation")
    freshness = Freshness(identity, events, 60)
    wait_for(events._listeners[0].connected.is_set)
    freshness.ensure()
    events.publish("identity.beat", {"latest": 0})
    wait_for(lambda: freshness._heard > 0)
    asked = identity.asked
    for _ in range(50):
        freshness.ensure()
    assert identity.asked == asked
    events.publish("identity.revoked", [identity.revoke("user:u1")])
    wait_for(lambda: freshness.revocations.revoked(claims(issued_at=time.time() - 30)))
    # a beat that knows of more than was heard sends the reader back to the source
    identity.revoke("user:u2")
    identity.revoke("user:u3")
    events.publish("identity.beat", {"latest": 3})
    wait_for(lambda: freshness._heard < 0)
    freshness.ensure()
    assert freshness.revocations.revoked(claims(user_id="u2", issued_at=time.time() - 30))
    events.close()


def test_when_nobody_can_tell_tokens_are_refused_after_the_grace_time():
    identity = FakeIdentity()
    freshness = Freshness(identity, None, grace_s=1)
    freshness.ensure()
    identity.reachable = False
    freshness.ensure()
    freshness._known_good -= 2
    with pytest.raises(RevocationsUnknown):
        freshness.ensure()


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers/*", "/v2.1/servers/1", True),
        ("/v2.1/servers/*", "/v2.1/servers/1/ips", False),
        ("/v2.1/**", "/v2.1/servers/1/ips", True),
        ("/v2.1/servers/{id}", "/v2.1/servers/1", True),
        ("/v2.1/servers", "/v2.1/serversx", False),
    ],
)
def test_access_rule_paths(pattern, path, fits):
    assert path_matches(pattern, path) is fits
