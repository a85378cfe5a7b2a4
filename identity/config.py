"Every option of identity, declared once."

from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

import common.config

OPTIONS: dict[str, Sequence[cfg.Opt]] = {
    "api": [
        cfg.IntOpt(
            "threads",
            default=64,
            min=4,
            help="Requests that one process serves at once. Most of them may be waiting for a "
            "password hash, "
            "so that others never wait for a thread.",
        ),
        cfg.IntOpt("list_limit", default=0, min=0, help="Most rows in an answer; 0 is no limit."),
    ],
    "token": [
        cfg.IntOpt("expiration_s", default=3600, min=1, help="How long a token lives, seconds."),
        cfg.IntOpt(
            "allow_expired_window_s",
            default=172800,
            min=0,
            help="How long after its end a token may still be validated with allow_expired.",
        ),
        cfg.BoolOpt(
            "allow_rescope_scoped",
            default=True,
            help="Whether a scoped token may be changed for one of another scope.",
        ),
        cfg.StrOpt(
            "key_dir",
            help="Directory of signing keys, shared by all hosts; by default keys/ in state_dir.",
        ),
        cfg.IntOpt(
            "remembered", default=4096, min=0, help="Validated tokens that a process remembers."
        ),
        cfg.IntOpt(
            "receipt_expiration_s",
            default=300,
            min=1,
            help="How long the receipt of a half-done multi-factor login lives, seconds.",
        ),
    ],
    "password": [
        cfg.StrOpt(
            "algorithm",
            default="argon2id",
            choices=["argon2id", "bcrypt"],
            help="Hash of new passwords.",
        ),
        cfg.IntOpt(
            "argon2_memory_kib", default=19456, min=8, help="Memory of an argon2id hash, KiB."
        ),
        cfg.IntOpt("argon2_time_cost", default=2, min=1, help="Passes over that memory."),
        cfg.IntOpt("argon2_parallelism", default=1, min=1, help="Lanes of an argon2id hash."),
        cfg.IntOpt(
            "bcrypt_rounds",
            default=12,
            min=4,
            max=31,
            help="Cost of a bcrypt hash (a power of two).",
        ),
        cfg.IntOpt(
            "hash_threads", default=1, min=1, help="Hashes that one process computes at once."
        ),
        cfg.IntOpt(
            "hash_queue",
            default=48,
            min=1,
            help="Logins of one process that may wait for a hash; more get 503 with Retry-After.",
        ),
        cfg.IntOpt(
            "remembered_s",
            default=300,
            min=0,
            help="Seconds for which a process remembers, as a keyed digest, that a password was "
            "right; 0: never.",
        ),
        cfg.IntOpt("max_length", default=4096, min=8, help="Longest password, characters."),
    ],
    "security_compliance": [
        cfg.IntOpt(
            "lockout_failure_attempts",
            default=0,
            min=0,
            help="Wrong passwords in a row that lock a user; 0: never.",
        ),
        cfg.IntOpt(
            "lockout_duration_s", default=1800, min=1, help="How long a lock lasts, seconds."
        ),
        cfg.IntOpt(
            "password_expires_days",
            default=0,
            min=0,
            help="Days after which a password ends; 0: never.",
        ),
        cfg.IntOpt(
            "minimum_password_age_days",
            default=0,
            min=0,
            help="Days before a user may change their password again.",
        ),
        cfg.IntOpt(
            "unique_last_password_count",
            default=0,
            min=0,
            help="Passwords, the current one included, that a new one must differ from; 0 or 1: "
            "none.",
        ),
        cfg.StrOpt("password_regex", help="Regular expression that a password must match."),
        cfg.StrOpt(
            "password_regex_description", default="", help="The rule in words, for the user."
        ),
        cfg.BoolOpt(
            "change_password_upon_first_use",
            default=False,
            help="Whether users must change the password that an administrator gave them.",
        ),
        cfg.IntOpt(
            "disable_user_account_days_inactive",
            default=0,
            min=0,
            help="Days without a login that disable a user; 0: never.",
        ),
        cfg.BoolOpt(
            "report_invalid_password_hash",
            default=False,
            help="Whether the notification of a failed login has a keyed digest of the password.",
        ),
    ],
    "limit": [
        cfg.StrOpt(
            "enforcement_model",
            default="flat",
            choices=["flat", "strict_two_level"],
            help="How limits of parents and children relate.",
        ),
    ],
    "resource": [
        cfg.IntOpt(
            "max_project_tree_depth", default=5, min=1, help="Levels of projects below a domain."
        ),
        cfg.IntOpt("max_tags", default=80, min=1, help="Tags of a project."),
    ],
    "credential": [
        cfg.StrOpt(
            "key_dir",
            help="Directory of the keys that encrypt credentials; by default credential-keys/ in "
            "state_dir.",
        ),
        cfg.IntOpt("user_limit", default=-1, help="Most credentials of a user; -1 is no limit."),
        cfg.IntOpt(
            "auth_ttl_m",
            default=15,
            min=1,
            help="Minutes for which a signed EC2 request is accepted.",
        ),
    ],
    "application_credential": [
        cfg.IntOpt(
            "user_limit", default=-1, help="Most application credentials of a user; -1 is no limit."
        ),
    ],
    "trust": [
        cfg.BoolOpt("allow_redelegation", default=False, help="Whether trusts may be passed on."),
        cfg.IntOpt(
            "max_redelegation_count", default=3, min=0, help="How often a trust may be passed on."
        ),
    ],
    "oauth1": [
        cfg.IntOpt(
            "request_token_duration_s",
            default=28800,
            min=0,
            help="How long a request token of OAuth 1 may wait for its user, seconds; 0: forever.",
        ),
        cfg.IntOpt(
            "access_token_duration_s",
            default=86400,
            min=0,
            help="How long an access token of OAuth 1 lives, seconds; 0: until it is deleted.",
        ),
    ],
    "totp": [
        cfg.IntOpt(
            "included_previous_windows",
            default=1,
            min=0,
            max=10,
            help="Earlier 30 s windows whose passcode is accepted too.",
        ),
    ],
    "federation": [
        cfg.IntOpt(
            "default_authorization_ttl_m",
            default=0,
            min=0,
            help="Minutes that group memberships from a federated login last; 0: as long as the "
            "token.",
        ),
        cfg.ListOpt(
            "oidc_audiences",
            default=["altostratus"],
            help="Who an OpenID Connect token must be for (aud): one of these.",
        ),
        cfg.BoolOpt(
            "oidc_insecure_http",
            default=False,
            help="Whether an issuer may be reached by http on another host than this.",
        ),
        cfg.ListOpt(
            "oidc_clients",
            default=[],
            help="Identity providers (their ids) that know this cloud as a client, for logins by "
            "browser and tokens that only they can read. Each has a section [oidc_ID] with "
            "client_id, client_secret and scopes.",
        ),
        cfg.ListOpt(
            "trusted_dashboard",
            default=[],
            help="Where a login by browser may send its token: URLs like "
            "https://cloud.example.org/auth/websso/, compared to the letter.",
        ),
    ],
    "notifications": [
        cfg.StrOpt(
            "format", default="cadf", choices=["cadf", "basic"], help="Form of audit notifications."
        ),
        cfg.ListOpt(
            "opt_out",
            default=["identity.authenticate.success"],
            help="Audit notifications that are not sent, like identity.user.updated, or"
            " identity.authenticate.success or .failed. Good logins are left out as Keystone leaves"
            " them out: clouds have thousands an hour, and each costs as much as the login.",
        ),
    ],
}


OIDC_CLIENT: Sequence[cfg.Opt] = (
    cfg.StrOpt("client_id", required=True, help="Our name at the identity provider."),
    cfg.StrOpt("client_secret", secret=True, help="Our secret there; a public client has none."),
    cfg.ListOpt(
        "scopes",
        default=["openid", "email", "profile"],
        help="What a login by browser asks for; openid must be among it.",
    ),
)
"""Options of each section [oidc_ID]."""


def load(**overrides: Any) -> cfg.ConfigOpts:
    """The configuration; overrides are `**{"group.option": value}`. Raises ValueError for a
    client without an id."""
    later = {name: overrides.pop(name) for name in [*overrides] if name.startswith("oidc_")}
    conf = common.config.load("identity", OPTIONS, overrides)
    for idp_id in conf.federation.oidc_clients:
        group = f"oidc_{idp_id}"
        conf.register_opts(OIDC_CLIENT, group=group)
        for name in [n for n in later if n.startswith(f"{group}.")]:
            conf.set_override(name.removeprefix(f"{group}."), later[name], group)
        if not conf[group].client_id:
            raise ValueError(
                f"[federation] oidc_clients names {idp_id}; [{group}] has no client_id"
            )
    return conf
