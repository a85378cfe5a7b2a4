"""Options of the console proxy, in group `console` beside those of the API."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

OPTIONS = {
    "console": [
        cfg.StrOpt("bind_host", default="0.0.0.0", help="Address of the console proxy."),
        cfg.PortOpt("bind_port", default=6080, help="Port of the console proxy."),
        cfg.StrOpt(
            "novnc_dir",
            default="",
            help="noVNC's files; empty: those of the dashboard, or of Debian's novnc.",
        ),
        cfg.IntOpt(
            "idle_s",
            default=3600,
            min=1,
            help="Seconds without a byte after which a console is closed.",
        ),
    ],
}


def register(config: Any) -> None:
    "Let `config` know these options; harmless when it already does."
    for group, options in OPTIONS.items():
        config.register_opts(options, group=group)
