"""Options: declared once, read from a few files, handed down as one object.

`load(service, options, overrides)` reads what `files` names; all of it may be absent, every option
has a default that works on one machine.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

PORTS = {
    "identity": 5000,
    "image": 9292,
    "objectstore": 8080,
    "compute": 8774,
    "network": 9696,
    "volume": 8776,
    "dashboard": 8088,
}
"""The port of each API, unless `[api] bind_port` says otherwise."""


def etc_dir() -> Path:
    "Where configuration lies: $ALTOSTRATUS_ETC, or etc/altostratus under $ALTOSTRATUS_ROOT."
    root = os.environ.get("ALTOSTRATUS_ROOT", "/")
    return Path(os.environ.get("ALTOSTRATUS_ETC") or Path(root, "etc/altostratus"))


def _default_state_dir() -> str:
    return str(Path(os.environ.get("ALTOSTRATUS_ROOT", "/"), "var/lib/altostratus"))


def _shared(service: str) -> dict[str, Sequence[cfg.Opt]]:
    port = PORTS.get(service, 8000)
    return {
        "DEFAULT": [
            cfg.BoolOpt("debug", default=False, help="Log at level DEBUG."),
            cfg.StrOpt(
                "log_format",
                default="plain",
                choices=["plain", "json"],
                help="One line of text, or one JSON object, for each log record.",
            ),
            cfg.StrOpt(
                "state_dir",
                default=_default_state_dir(),
                help="Directory of everything that must outlive a process.",
            ),
            cfg.StrOpt(
                "host",
                default=socket.gethostname(),
                help="Name of this machine in the cloud: hypervisor, agent and queue name.",
            ),
        ],
        "api": [
            cfg.StrOpt("bind_host", default="127.0.0.1", help="Address that the API listens on."),
            cfg.PortOpt("bind_port", default=port, help="Port that the API listens on."),
            cfg.IntOpt("workers", default=1, min=1, help="API processes."),
            cfg.IntOpt(
                "threads", default=16, min=1, help="Requests that one process serves at once."
            ),
            cfg.BoolOpt(
                "pin_workers",
                default=True,
                help="Keep the threads of a process on one processor, but for long work.",
            ),
            cfg.StrOpt(
                "public_url",
                help="URL of this API as clients see it; by default that of the request.",
            ),
            cfg.IntOpt(
                "max_body_kib",
                default=1024,
                help="Largest JSON body, KiB; streams are not limited.",
            ),
            cfg.ListOpt(
                "cors_origins",
                default=[],
                help="Origins of browsers that may call this API; * for any.",
            ),
            cfg.IntOpt(
                "trusted_proxies",
                default=0,
                help="Proxies in front whose X-Forwarded-* are believed.",
            ),
        ],
        "database": [
            cfg.StrOpt("url", help="SQLAlchemy URL; by default SQLite in state_dir.", secret=True),
            cfg.IntOpt("pool_size", default=16, help="Connections kept open to a database server."),
        ],
        "bus": [
            cfg.StrOpt(
                "url",
                default="amqp://guest:guest@127.0.0.1:5672//",
                secret=True,
                help="RabbitMQ: amqp://user:password@host:port/vhost.",
            ),
        ],
        "identity": [
            cfg.StrOpt(
                "url", default="http://127.0.0.1:5000", help="Identity service, without /v3."
            ),
            cfg.StrOpt("region", default="RegionOne", help="Region of the catalog."),
            cfg.StrOpt(
                "service_user", default=service, help="User of this service, in domain Default."
            ),
            cfg.StrOpt("service_password", default="", secret=True, help="Password of that user."),
            cfg.StrOpt("service_project", default="service", help="Project of the service users."),
            cfg.IntOpt(
                "revocation_grace_s",
                default=60,
                help="Seconds that tokens are accepted while neither bus nor identity can tell "
                "about revocations.",
            ),
        ],
        "endpoints": [
            cfg.StrOpt("image", default="http://127.0.0.1:9292", help="Image API."),
            cfg.StrOpt("network", default="http://127.0.0.1:9696", help="Network API."),
            cfg.StrOpt("compute", default="http://127.0.0.1:8774/v2.1", help="Compute API."),
            cfg.StrOpt(
                "placement", default="http://127.0.0.1:8774/placement", help="Placement API."
            ),
            cfg.StrOpt(
                "object_store",
                default="http://127.0.0.1:8080",
                help="Object storage API, without /v1.",
            ),
            cfg.StrOpt("volume", default="", help="Volume API, with /v3; empty: there is none."),
        ],
        "policy": [
            cfg.StrOpt(
                "file",
                help="YAML file of rules that replace defaults; SERVICE-policy.yaml beside "
                "the configuration.",
            ),
        ],
    }


def files(etc: Path, service: str) -> list[Path]:
    """The files that are there, in the order in which they are read (the last word counts):
    `altostratus.conf`, what all services share, and `SERVICE.conf`; each followed by those in a
    folder of the same name and `.d`, for options that an installer must not overwrite."""
    found: list[Path] = []
    for name in ("altostratus", service):
        if (own := etc / f"{name}.conf").exists():
            found.append(own)
        found += sorted((etc / f"{name}.conf.d").glob("*.conf"))
    return found


def load(
    service: str,
    options: Mapping[str, Sequence[cfg.Opt]],
    overrides: Mapping[str, Any] | None = None,
) -> cfg.ConfigOpts:
    """The configuration of `service`. `overrides` maps "group.option" (or "option") to a value;
    tests use it.

    Raises oslo_config.cfg.ConfigFileParseError or ConfigFileValueError for a file that is wrong.
    """
    conf = cfg.ConfigOpts()
    for group, opts in _merge(_shared(service), options).items():
        conf.register_opts(opts, group=None if group == "DEFAULT" else group)
    conf(
        [],
        project="altostratus",
        default_config_files=[str(path) for path in files(etc_dir(), service)],
        default_config_dirs=[],
    )
    conf.service = service  # type: ignore[attr-defined]
    for key, value in (overrides or {}).items():
        group, _, name = key.rpartition(".")
        conf.set_override(name, value, group or None)
    if not conf.database.url:
        path = state_path(conf) / f"{service}.sqlite"
        conf.set_override("url", f"sqlite:///{path}", "database")
    if not conf.policy.file:
        conf.set_override("file", str(etc_dir() / f"{service}-policy.yaml"), "policy")
    return conf


def _merge(*tables: Mapping[str, Sequence[cfg.Opt]]) -> dict[str, list[cfg.Opt]]:
    merged: dict[str, dict[str, cfg.Opt]] = {}
    for table in tables:
        for group, opts in table.items():
            merged.setdefault(group, {}).update({o.name: o for o in opts})
    return {group: list(opts.values()) for group, opts in merged.items()}


def state_path(conf: cfg.ConfigOpts) -> Path:
    "The directory of this service under `state_dir`, made if it is not there (mode 0750)."
    path = Path(conf.state_dir, conf.service)
    path.mkdir(parents=True, exist_ok=True, mode=0o750)
    return path


def sample(service: str, options: Mapping[str, Sequence[cfg.Opt]]) -> str:
    """The sample configuration file of a service: every option, commented out, with its help and
    default."""
    lines = [f"# Every option of the {service} service. All of them are optional."]
    for group, opts in _merge(_shared(service), options).items():
        lines += ["", f"[{group}]"]
        for opt in sorted(opts, key=lambda o: str(o.name)):
            shown = "" if opt.default is None else opt.default
            if opt.name == "host":
                shown = "(name of the machine)"
            if isinstance(shown, list):
                shown = ",".join(map(str, shown))
            lines += [f"# {opt.help}", f"#{opt.name} = {shown}"]
    return "\n".join(lines) + "\n"
