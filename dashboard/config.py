"Every option of the dashboard."

from typing import Any

from oslo_config import cfg

import common.config

OPTIONS: dict[str, list[cfg.Opt]] = {
    "session": [
        cfg.StrOpt(
            "secret",
            secret=True,
            help="Encrypts session cookies; the same on every dashboard behind one address. "
            "By default one is made and kept in state_dir.",
        ),
        cfg.IntOpt(
            "idle_s",
            default=3600,
            min=60,
            help="Seconds without a click after which one must log in again.",
        ),
        cfg.BoolOpt(
            "secure_cookie",
            default=False,
            help="Send the cookie over HTTPS only, also when a proxy hides the HTTPS.",
        ),
    ],
    "cloud": [
        cfg.IntOpt("timeout_s", default=20, min=1, help="Longest wait for an answer of an API."),
        cfg.StrOpt("ca_file", help="Certificates that sign those of the APIs."),
        cfg.IntOpt("page_size", default=100, min=10, max=1000, help="Rows of one page of a list."),
        cfg.StrOpt(
            "default_domain", default="Default", help="Domain that the login page proposes."
        ),
    ],
    "login": [
        cfg.DictOpt(
            "websso",
            default={},
            help="Identity providers that the login page offers, as PROVIDER/PROTOCOL:words on the "
            "button, like corp/openid:Company account. Identity must know the provider, and this "
            "dashboard's /auth/websso/ as one of its trusted_dashboard.",
        ),
        cfg.StrOpt(
            "identity_url",
            help="Address of identity for browsers; by default that of [identity].",
        ),
    ],
    "events": [
        cfg.IntOpt(
            "max_streams",
            default=8,
            min=0,
            help="Browsers that one process feeds by server-sent events; more of them poll. "
            "Each stream holds one of the [api] threads, of which at least four are "
            "always left for pages.",
        ),
        cfg.IntOpt(
            "stream_s",
            default=300,
            min=5,
            help="Seconds after which a stream ends, so that others have their turn.",
        ),
        cfg.IntOpt("kept", default=500, min=10, help="Events kept in memory for late comers."),
    ],
}


def load(**overrides: Any) -> cfg.ConfigOpts:
    'The configuration; `load(**{"session.idle_s": 60})` for tests.'
    return common.config.load("dashboard", OPTIONS, overrides)
