"""Orders on disk: what was accepted is carried out, and reported once, also by the process that
comes after a crash.

`jobs/ID.json` is an order that waits, runs, or has ended and is not reported yet;
`jobs/done/ID.json` keeps the outcome for a day, so that an order which comes twice is answered from
here instead of being carried out twice."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

KEPT_S = 24 * 3600


@dataclass
class Job:
    """One order. `arguments` are as they came over the wire; `outcome` is what Reports.finished
    takes."""

    id: str
    method: str
    subject: str
    """The server (or image) that it is about: jobs of one subject run one after another."""
    arguments: dict[str, Any]
    request_id: str = "-"
    number: int = field(default_factory=time.time_ns)
    """Order of acceptance."""
    quiet: bool = False
    """An order of the agent to itself: nobody waits for a report."""
    outcome: dict[str, Any] | None = None
    resumed: bool = False


class Journal:
    "The directory of orders. One process at a time; callers serialise."

    def __init__(self, directory: Path) -> None:
        self.directory, self.done = directory, directory / "done"
        self.done.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, job: Job) -> None:
        "Keep the job as it is now, whatever happens after this."
        part = self.directory / f"{_name(job.id)}.part"
        with open(part, "w", opener=_private) as out:
            json.dump(asdict(job), out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, self.directory / _name(job.id))

    def close(self, job: Job) -> None:
        "The job is reported: only its outcome stays, without the secrets of the order."
        path = self.done / _name(job.id)
        job.arguments = {}
        part = path.with_suffix(".part")
        with open(part, "w", opener=_private) as out:
            json.dump(asdict(job), out)
        os.replace(part, path)
        (self.directory / _name(job.id)).unlink(missing_ok=True)

    def find(self, job_id: str) -> Job | None:
        "A job that was accepted before."
        return _read(self.directory / _name(job_id)) or _read(self.done / _name(job_id))

    def open_jobs(self) -> list[Job]:
        "Every job that is not reported yet, in order of acceptance."
        found = [_read(p) for p in self.directory.glob("*.json")]
        return sorted((j for j in found if j), key=lambda j: j.number)

    def prune(self, kept_s: float = KEPT_S) -> None:
        "Forget outcomes that nobody will ask for any more."
        limit = time.time() - kept_s
        for path in self.done.iterdir():
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)


def _read(path: Path) -> Job | None:
    try:
        return Job(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        # half a file is an order that was never acknowledged: the conductor sends it again
        path.unlink(missing_ok=True)
        return None


def _name(job_id: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in job_id)[:200] + ".json"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
