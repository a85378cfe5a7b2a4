"""Programs of the host, run with a time limit, whose failure is a sentence."""

from __future__ import annotations

import subprocess

from compute.agent.drivers import NodeError


class CommandFailed(NodeError):
    "{program} failed: {why}"


def run(*argv: str, timeout_s: float = 600) -> str:
    """Standard output of the program. Raises CommandFailed with the last line that it wrote to
    standard error."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise CommandFailed(program=argv[0], why="it is not installed on this host") from None
    except subprocess.TimeoutExpired:
        raise CommandFailed(
            program=argv[0], why=f"it had not ended after {timeout_s:.0f} s"
        ) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CommandFailed(
            program=argv[0], why=lines[-1] if lines else f"exit status {done.returncode}"
        )
    return done.stdout
