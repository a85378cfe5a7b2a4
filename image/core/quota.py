"""What a project may use: the limits' names are those of unified limits, the amounts bytes or
images.

Limits come from the configuration, or from identity (registered limits of service `image`,
overridden by a project's own), in MiB there. A check and the reservation it allows happen in one
transaction that holds the project's lock, so parallel uploads cannot pass together where one of
them may.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from common.client import Services
from image.errors import OverLimit
from image.store import blobs, images, quota_locks

LOG = logging.getLogger(__name__)
NAMES = ("image_size_total", "image_stage_total", "image_count_total", "image_count_uploading")
MIB = 1024 * 1024
UPLOADING = ("saving", "uploading", "importing")


class Limits:
    "The limits of projects; -1 is none. Thread-safe."

    def __init__(self, config: cfg.ConfigOpts, services: Services | None) -> None:
        self.config, self.services = config, services
        self._cache: dict[str, tuple[float, dict[str, int]]] = {}
        self._lock = threading.Lock()

    def of(self, project_id: str) -> Mapping[str, int]:
        "Limit by name: MiB for the sizes, a number for the counts."
        if self.config.quota.source == "config":
            quota = self.config.quota
            return {
                "image_size_total": quota.image_size_total_mib,
                "image_stage_total": quota.image_stage_total_mib,
                "image_count_total": quota.image_count_total,
                "image_count_uploading": quota.image_count_uploading,
            }
        with self._lock:
            known = self._cache.get(project_id)
            if known and time.monotonic() - known[0] < self.config.quota.cache_s:
                return known[1]
        limits = self._ask(project_id)
        with self._lock:
            if len(self._cache) > 10_000:
                self._cache.clear()
            self._cache[project_id] = (time.monotonic(), limits)
        return limits

    def _ask(self, project_id: str) -> dict[str, int]:
        assert self.services is not None
        registered = self.services.identity_json("/v3/registered_limits")["registered_limits"]
        own = self.services.identity_json(f"/v3/limits?project_id={project_id}")["limits"]
        # An unregistered name has the limit 0 in unified limits: nothing is allowed by accident.
        limits = dict.fromkeys(NAMES, 0)
        limits |= {
            r["resource_name"]: r["default_limit"]
            for r in registered
            if r["resource_name"] in limits
        }
        limits |= {
            r["resource_name"]: r["resource_limit"] for r in own if r["resource_name"] in limits
        }
        return limits


def _need(what: str, limit: int, usage: int, asked: int) -> None:
    if limit >= 0 and usage + asked > limit:
        raise OverLimit(what=what, limit=limit, usage=usage, asked=asked)


def check_new_image(limits: Mapping[str, int], session: Any, owner: str) -> None:
    "Raise OverLimit if one more image is too many."
    limit = limits["image_count_total"]
    if limit >= 0:
        quota_locks.hold(session, owner)
        _need("image_count_total", limit, images.count(session, owner), 1)


def check_upload(limits: Mapping[str, int], session: Any, owner: str) -> None:
    "Raise OverLimit if one more image in transfer is too many."
    limit = limits["image_count_uploading"]
    if limit >= 0:
        quota_locks.hold(session, owner)
        _need("image_count_uploading", limit, images.count(session, owner, UPLOADING), 1)


def check_bytes(
    limits: Mapping[str, int], session: Any, owner: str, size: int, *, staged: bool
) -> None:
    "Raise OverLimit if `size` more bytes are too many."
    what = "image_stage_total" if staged else "image_size_total"
    limit = limits[what]
    if limit >= 0:
        quota_locks.hold(session, owner)
        usage = blobs.used(session, owner, staged=staged)
        if usage + size > limit * MIB:
            raise OverLimit(what=what, limit=f"{limit} MiB", usage=f"{usage} B", asked=f"{size} B")


def usage(session: Any, limits: Mapping[str, int], owner: str) -> dict[str, dict[str, int]]:
    "Limit and usage by name, sizes in MiB rounded up, as /v2/info/usage shows them."
    used = {
        "image_size_total": -(-blobs.used(session, owner, staged=False) // MIB),
        "image_stage_total": -(-blobs.used(session, owner, staged=True) // MIB),
        "image_count_total": images.count(session, owner),
        "image_count_uploading": images.count(session, owner, UPLOADING),
    }
    return {name: {"limit": limits[name], "usage": used[name]} for name in NAMES}
