"""The console proxy: browsers reach the screens and serial lines of servers through it, with
tokens that work once.

Port 6080. `python -m compute console` runs `main(config)`. It keeps nothing: a token is redeemed by
the conductor."""

from typing import Any


def main(config: Any) -> None:
    "Run the proxy until SIGTERM."
    from compute.console.proxy import serve

    serve(config)


run = main
