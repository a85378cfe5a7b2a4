"""Project ids in paths: clients say /v2.1/PROJECT/servers or /v2.1/servers, and /v2 for /v2.1."""

import re
from collections.abc import Callable, Iterable
from typing import Any

_PROJECT = re.compile(
    r"/v2(?:\.1)?/([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|project-[\w-]+)"
    r"(?=/|\Z)"
)


class ProjectInPath:
    "Takes the project id out of the path and notes it, before routing."

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        match = _PROJECT.match(path)
        if match:
            environ["altostratus.project"] = match[1]
            path = path[: match.start(1) - 1] + path[match.end(1) :]
            environ["PATH_INFO"] = path or "/v2.1/"
        return self.app(environ, start_response)
