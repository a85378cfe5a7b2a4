"""What a process remembers so that a token costs no query: revocations, roles with what they
imply, the catalog.

Every change raises a counter in the table `epoch`. One statement every half second, in a thread
of the API process, tells whether anything changed here or in another process; the process that
changed something knows at once.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from common.db import Database
from common.tokens import Revocation as Record
from common.tokens import Revocations
from identity.store import catalog as catalog_store
from identity.store import revocations as revocation_store
from identity.store import rows
from identity.store.models import Endpoint, ImpliedRole, Role, Service

REFRESH_S = 0.5


@dataclass(frozen=True, slots=True)
class KnownRole:
    "A role and all roles that come with it."

    id: str
    name: str
    domain_id: str
    options: dict[str, Any]
    implies: tuple[str, ...]
    """Ids, itself first, transitively."""


class Memory:
    "See the module. Thread-safe."

    def __init__(self, db: Database) -> None:
        self._db = db
        self.revocations = Revocations()
        self._lock = threading.Lock()
        self._epochs: dict[str, int] = {}
        self._checked = 0.0
        self._roles: dict[str, KnownRole] | None = None
        self._catalog: _Catalog | None = None
        self._providers: str | None = None

    def ensure(self) -> None:
        "Return when nothing remembered is older than half a second."
        if time.monotonic() - self._checked > REFRESH_S:
            self.refresh()

    def refresh(self) -> None:
        "Look for changes now."
        with self._lock, self._db.read() as session:
            found = rows.epochs(session)
            changed = {name for name, value in found.items() if self._epochs.get(name) != value}
            if "revocations" in changed:
                self.revocations.add(
                    Record(r.seq, r.key, r.issued_before, r.expires_at)
                    for r in revocation_store.since(session, self.revocations.latest)
                )
            if "roles" in changed:
                self._roles = None
            if "catalog" in changed:
                self._catalog = self._providers = None
            self._epochs = found
            self._checked = time.monotonic()

    def roles(self) -> dict[str, KnownRole]:
        "All roles by id."
        known = self._roles
        if known is None:
            with self._db.read() as session:
                known = _read_roles(session)
            self._roles = known
        return known

    def expand(self, role_ids: set[str], domain_id: str | None) -> list[list[str]]:
        """[[id, name], ...] of these roles and those that they imply, global ones only: a role
        of a domain gives what it implies and does not show itself (API reference,
        "Domain-specific roles"); it counts only in its domain."""
        known = self.roles()
        if not role_ids <= known.keys():
            self._roles = None
            known = self.roles()
        given = [known[i] for i in role_ids if i in known and known[i].domain_id in ("", domain_id)]
        ids = {i for role in given for i in role.implies if known[i].domain_id == ""}
        return sorted(([i, known[i].name] for i in ids), key=lambda pair: pair[1])

    def catalog(self, project_id: str | None, user_id: str | None = None) -> list[dict[str, Any]]:
        "The catalog that a token of this project shows."
        found: list[dict[str, Any]] = json.loads(self.catalog_json(project_id, user_id))
        return found

    def catalog_json(self, project_id: str | None, user_id: str | None = None) -> str:
        "The same, as JSON text."
        whole = self._catalog
        if whole is None:
            with self._db.read() as session:
                whole = _Catalog(
                    catalog_store.enabled_endpoints(session),
                    catalog_store.project_endpoints(session),
                    catalog_store.project_groups(session),
                )
            self._catalog = whole
        return whole.text(project_id, user_id)

    def service_providers_json(self) -> str:
        "The enabled service providers, as JSON text; empty where there are none."
        known = self._providers
        if known is None:
            with self._db.read() as session:
                found = catalog_store.service_providers(session)
            known = self._providers = json.dumps(found) if found else ""
        return known

    def stamp(self, name: str) -> int:
        "Changes whenever what is named does: `catalog`, `directories`."
        return self._epochs.get(name, 0)


def _read_roles(session: Any) -> dict[str, KnownRole]:
    implied: dict[str, list[str]] = {}
    for row in rows.every(session, ImpliedRole):
        implied.setdefault(row.prior_id, []).append(row.implied_id)
    found = {}
    for role in rows.every(session, Role):
        seen, todo = {role.id: None}, [role.id]
        while todo:
            for other in implied.get(todo.pop(), ()):
                if other not in seen:
                    seen[other] = None
                    todo.append(other)
        found[role.id] = KnownRole(role.id, role.name, role.domain_id, role.options, tuple(seen))
    return found


class _Catalog:
    "The catalog at one moment, and its text for each project."

    def __init__(
        self,
        pairs: list[tuple[Service, Endpoint]],
        by_project: dict[str, set[str]],
        groups: dict[str, Any],
    ) -> None:
        self._pairs, self._by_project, self._groups = pairs, by_project, groups
        self._plain = not any("(" in endpoint.url for _, endpoint in pairs)
        self._texts: OrderedDict[tuple[str | None, str | None], str] = OrderedDict()

    def text(self, project_id: str | None, user_id: str | None) -> str:
        filtered = project_id in self._by_project or project_id in self._groups
        key = (None, None) if self._plain and not filtered else (project_id, user_id)
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = json.dumps(self._build(project_id, user_id))
            if len(self._texts) > 512:
                self._texts.popitem(last=False)
        return found

    def _build(self, project_id: str | None, user_id: str | None) -> list[dict[str, Any]]:
        values = {"project_id": project_id, "tenant_id": project_id, "user_id": user_id}
        entries: dict[str, dict[str, Any]] = {}
        for service, endpoint in self._visible(project_id):
            url = substitute(endpoint.url, values)
            if url is None:
                continue
            entry = entries.setdefault(
                service.id,
                {"endpoints": [], "id": service.id, "type": service.type, "name": service.name},
            )
            entry["endpoints"].append(
                {
                    "id": endpoint.id,
                    "interface": endpoint.interface,
                    "region_id": endpoint.region_id,
                    "url": url,
                    "region": endpoint.region_id,
                }
            )
        return list(entries.values())

    def _visible(self, project_id: str | None) -> list[tuple[Service, Endpoint]]:
        chosen, groups = (
            self._by_project.get(project_id or ""),
            self._groups.get(project_id or "", []),
        )
        if chosen is None and not groups:
            return self._pairs
        return [
            (s, e)
            for s, e in self._pairs
            if e.id in (chosen or ()) or any(in_group(g.filters, s, e) for g in groups)
        ]


def in_group(filters: dict[str, Any], service: Service, endpoint: Endpoint) -> bool:
    "Whether an endpoint is one that an endpoint group's filters choose."
    values = {
        "interface": endpoint.interface,
        "service_id": service.id,
        "region_id": endpoint.region_id,
        "enabled": endpoint.enabled,
    }
    return all(name not in filters or filters[name] == value for name, value in values.items())


def substitute(url: str, values: dict[str, str | None]) -> str | None:
    """An endpoint's URL with `$(project_id)s` or `%(project_id)s` put in; None if a value that
    it needs is missing."""
    for name, value in values.items():
        for form in (f"$({name})s", f"%({name})s"):
            if form in url:
                if value is None:
                    return None
                url = url.replace(form, value)
    return url
