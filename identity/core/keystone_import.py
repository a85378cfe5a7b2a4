"""Takes over a Keystone: everything in its database that has a place here, with the ids it had, so
that what other services own stays theirs.

Passwords come as the hashes they are. Of users and groups in a directory (LDAP) come the ids, the
roles, and the configuration of their domain. Left behind: tokens and revocations (a Fernet token
means nothing here), OAuth 1, federation. Run it on a new database, before `bootstrap`; running it
again adds what is new in the source and changes nothing that is here.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from identity.core import Deps, domain_options, hashing
from identity.errors import Duplicate
from identity.store import Session, keystone, models, rows
from identity.store.keystone import Tables

Row = dict[str, Any]

# Keystone keeps options under short ids; the names are those of its API reference.
OPTIONS = {
    "1000": "ignore_change_password_upon_first_use",
    "1001": "ignore_password_expiry",
    "1002": "ignore_lockout_failure_attempts",
    "1003": "lock_password",
    "1004": "ignore_user_inactivity",
    "MFAR": "multi_factor_auth_rules",
    "MFAE": "multi_factor_auth_enabled",
    "IMMU": "immutable",
}


class Report(dict[str, int]):
    "{noun: rows added}, and what could not be taken over, in words."

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []


def run(deps: Deps, source: str, credential_keys: Path | None = None) -> Report:
    """Read `source` (see `identity.store.keystone.read`) into the database, in one transaction.
    `credential_keys` is Keystone's `[credential] key_repository`. Raises ValueError, OSError for a
    source that cannot be read, and Duplicate for a name that is here under another id."""
    tables = keystone.read(source)
    report = Report()
    with deps.db.write() as session:
        for noun, model, convert in _NOUNS:
            try:
                wanted = list(convert(tables))
            except KeyError as error:
                raise ValueError(f"{noun}: the source has no column {error}") from error
            if model in _UNIQUE:
                _refuse_taken(session, noun, model, wanted)
            report[noun] = keystone.merge(session, model, wanted)
        report["passwords"] = _passwords(session, tables, report)
        report["credentials"] = _credentials(deps, session, tables, credential_keys, report)
        report["options of domains"] = _domain_configs(deps, session, tables, report)
        for name in ("roles", "catalog", "directories"):
            rows.bump(session, name)
    return report


_UNIQUE = {models.Project: "name", models.User: "login", models.Group: "name", models.Role: "name"}


def _refuse_taken(session: Session, noun: str, model: Any, wanted: list[Row]) -> None:
    column = _UNIQUE[model]
    taken = keystone.names(session, model, column)
    for row in wanted:
        other = taken.get((row["domain_id"], row[column]), row["id"])
        if other != row["id"]:
            reason = f"{row[column]} is here with id {other}, in the source with id {row['id']}"
            raise Duplicate(noun, reason)


def _flag(value: Any) -> bool:
    return value in (True, 1, "1", "t", "true", "True")


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _json(value: Any, default: Any) -> Any:
    return value if isinstance(value, dict | list) else json.loads(value or "null") or default


def _moment(value: Any) -> datetime.datetime | None:
    "A time as databases and dumps write it: UTC without saying so."
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    return value.replace(tzinfo=datetime.UTC)


def _micros(value: Any) -> datetime.datetime | None:
    "A time as Keystone's `*_int` columns hold it: microseconds since 1970."
    if value is None:
        return None
    return datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(
        microseconds=int(value)
    )


def _owner(value: str | None) -> str:
    "A domain id; Keystone writes a name in angle brackets where there is none."
    return "" if value is None or value.startswith("<<") else value


def _described(row: Row) -> Row:
    extra = _json(row.get("extra"), {})
    inner = extra.pop("description", None)
    said = row.get("description")
    return {"description": inner if said is None else said, "extra": extra}


def _options(found: Iterable[Row], owner: str) -> dict[str, Row]:
    options: dict[str, Row] = defaultdict(dict)
    for row in found:
        if name := OPTIONS.get(row["option_id"]):
            value = row["option_value"]
            options[row[owner]][name] = json.loads(value) if isinstance(value, str) else value
    return options


def _projects(tables: Tables) -> Iterable[Row]:
    known = {row["id"]: row for row in tables["project"] if not row["id"].startswith("<<")}
    options = _options(tables["project_option"], "project_id")

    def parent(row: Row) -> str | None:
        return None if _flag(row["is_domain"]) else row["parent_id"] or row["domain_id"]

    def path(row: Row) -> list[str]:
        ids = [row["id"]]
        while (above := parent(known[ids[0]])) in known and above not in ids:
            ids.insert(0, above)
        return ids

    for depth, row in sorted(((path(r), r) for r in known.values()), key=lambda p: len(p[0])):
        yield {
            "id": row["id"],
            "name": row["name"],
            "domain_id": "" if _flag(row["is_domain"]) else _owner(row["domain_id"]),
            "parent_id": parent(row),
            "is_domain": _flag(row["is_domain"]),
            "enabled": _flag(row["enabled"]),
            "path": f"/{'/'.join(depth)}/",
            "options": options.get(row["id"], {}),
            **_described(row),
        }


def _users(tables: Tables) -> Iterable[Row]:
    local = {row["user_id"]: row for row in tables["local_user"]}
    other = {row["user_id"]: row["name"] for row in tables["nonlocal_user"]}
    federated = {row["user_id"]: row["display_name"] for row in tables["federated_user"]}
    options = _options(tables["user_option"], "user_id")
    for row in tables["user"]:
        login = local.get(row["id"], {})
        name = login.get("name") or other.get(row["id"]) or federated.get(row["id"]) or row["id"]
        yield {
            "id": row["id"],
            "name": name,
            "login": login.get("name"),
            "domain_id": row["domain_id"],
            "enabled": _flag(row["enabled"]),
            "default_project_id": row["default_project_id"],
            "options": options.get(row["id"], {}),
            "created_at": _moment(row["created_at"]) or datetime.datetime.now(datetime.UTC),
            "last_active_at": _moment(row["last_active_at"]),
            "failed_count": login.get("failed_auth_count") or 0,
            "failed_at": _moment(login.get("failed_auth_at")),
            **_described(row),
        }
    known = {row["id"] for row in tables["user"]}
    for row in _mapped(tables, "user", known):
        yield {
            **row,
            "login": None,
            "enabled": True,
            "default_project_id": None,
            "options": {},
            "created_at": datetime.datetime.now(datetime.UTC),
            "last_active_at": None,
            "failed_count": 0,
            "failed_at": None,
        }


def _groups(tables: Tables) -> Iterable[Row]:
    for row in tables["group"]:
        yield {"id": row["id"], "name": row["name"], "domain_id": row["domain_id"]} | _described(
            row
        )
    yield from _mapped(tables, "group", {row["id"] for row in tables["group"]})


def _mapped(tables: Tables, kind: str, known: set[str]) -> Iterable[Row]:
    """Rows for users or groups of a directory whom Keystone keeps no row for; their names come when
    they are seen."""
    for row in _directory_entries(tables):
        if row["kind"] == kind and row["id"] not in known:
            yield {
                "id": row["id"],
                "name": row["local_id"],
                "domain_id": row["domain_id"],
                "description": None,
                "extra": {},
            }


def _directory_entries(tables: Tables) -> Iterable[Row]:
    domains = {row["id"] for row in tables["project"]}
    for row in tables["id_mapping"]:
        if row["domain_id"] in domains:
            yield {
                "id": row["public_id"],
                "domain_id": row["domain_id"],
                "kind": row["entity_type"],
                "local_id": row["local_id"],
            }


def _memberships(tables: Tables) -> Iterable[Row]:
    for row in tables["user_group_membership"]:
        yield {"user_id": row["user_id"], "group_id": row["group_id"], "idp_id": ""}


def _roles(tables: Tables) -> Iterable[Row]:
    options = _options(tables["role_option"], "role_id")
    for row in tables["role"]:
        yield {
            "id": row["id"],
            "name": row["name"],
            "domain_id": _owner(row["domain_id"]),
            "options": options.get(row["id"], {}),
            **_described(row),
        }


def _assignments(tables: Tables) -> Iterable[Row]:
    actors = {row["id"] for row in (*tables["user"], *tables["group"])}
    actors |= {row["id"] for row in _directory_entries(tables)}
    roles = {row["id"] for row in tables["role"]}
    targets = {row["id"] for row in tables["project"]}
    for row in (*tables["assignment"], *tables["system_assignment"]):
        actor = "user" if row["type"].startswith("User") else "group"
        target = row["type"].removeprefix(actor.title()).lower()
        known = target == "system" or row["target_id"] in targets
        # Keystone keeps assignments of actors and targets that are long gone.
        if row["actor_id"] in actors and row["role_id"] in roles and known:
            yield {
                "actor_id": row["actor_id"],
                "actor_kind": actor,
                "target_id": "all" if target == "system" else row["target_id"],
                "target_kind": target,
                "role_id": row["role_id"],
                "inherited": _flag(row["inherited"]),
            }


def _regions(tables: Tables) -> Iterable[Row]:
    parents = {row["id"]: row["parent_region_id"] for row in tables["region"]}

    def depth(region: str | None) -> int:
        seen: list[str] = []
        while region is not None and region not in seen:
            seen.append(region)
            region = parents.get(region)
        return len(seen)

    for row in sorted(tables["region"], key=lambda r: depth(r["id"])):
        yield {"id": row["id"], "parent_region_id": row["parent_region_id"], **_described(row)}


def _services(tables: Tables) -> Iterable[Row]:
    for row in tables["service"]:
        more = _described(row)
        yield {
            "id": row["id"],
            "type": row["type"],
            "name": more["extra"].pop("name", None) or "",
            "enabled": _flag(row["enabled"]),
            **more,
        }


def _endpoints(tables: Tables) -> Iterable[Row]:
    for row in tables["endpoint"]:
        more = _described(row)
        more["extra"].pop("name", None)
        yield {
            **{key: row[key] for key in ("id", "interface", "region_id", "service_id", "url")},
            "enabled": _flag(row["enabled"]),
            **more,
        }


def _endpoint_groups(tables: Tables) -> Iterable[Row]:
    for row in tables["endpoint_group"]:
        named = {key: row[key] for key in ("id", "name", "description")}
        yield named | {"filters": _json(row["filters"], {})}


def _policies(tables: Tables) -> Iterable[Row]:
    for row in tables["policy"]:
        extra = _json(row["extra"], {})
        yield {"id": row["id"], "type": row["type"], "blob": _json(row["blob"], ""), "extra": extra}


def _policy_associations(tables: Tables) -> Iterable[Row]:
    for row in tables["policy_association"]:
        places = ("endpoint_id", "service_id", "region_id")
        yield {"policy_id": row["policy_id"]} | {key: row[key] or "" for key in places}


def _trusts(tables: Tables) -> Iterable[Row]:
    for row in tables["trust"]:
        expires = row.get("expires_at_int")
        yield {
            **{key: row[key] for key in ("id", "trustor_user_id", "trustee_user_id", "project_id")},
            "impersonation": _flag(row["impersonation"]),
            "expires_at": _micros(expires) if expires else _moment(row["expires_at"]),
            "remaining_uses": _number(row["remaining_uses"]),
            "redelegated_trust_id": row["redelegated_trust_id"],
            "redelegation_count": _number(row["redelegation_count"]) or 0,
            "deleted_at": _moment(row["deleted_at"]),
            "extra": _json(row["extra"], {}),
        }


def _application_credentials(tables: Tables) -> Iterable[Row]:
    limited = {row["application_credential_id"] for row in _ruled(tables)}
    users = {row["id"] for row in tables["user"]}
    for row in tables["application_credential"]:
        if row["user_id"] in users and row["project_id"]:
            yield {
                **{key: row[key] for key in ("id", "name", "user_id", "project_id", "secret_hash")},
                "description": row["description"],
                "expires_at": _micros(row["expires_at"]),
                "unrestricted": _flag(row["unrestricted"]),
                "has_rules": row["id"] in limited,
            }


def _public_ids(tables: Tables) -> dict[str, str]:
    "Ids of application credentials by the number that Keystone's other tables know them by."
    kept = {row["id"] for row in tables["application_credential"] if row["project_id"]}
    return {
        str(row["internal_id"]): row["id"]
        for row in tables["application_credential"]
        if row["id"] in kept
    }


def _credential_roles(tables: Tables) -> Iterable[Row]:
    ids = _public_ids(tables)
    for row in tables["application_credential_role"]:
        if key := ids.get(str(row["application_credential_id"])):
            yield {"application_credential_id": key, "role_id": row["role_id"]}


def _access_rules(tables: Tables) -> Iterable[Row]:
    for row in tables["access_rule"]:
        yield {
            "id": row["external_id"],
            **{key: row[key] for key in ("user_id", "service", "method", "path")},
            "path_hash": hashlib.sha256(row["path"].encode()).hexdigest(),
        }


def _ruled(tables: Tables) -> Iterable[Row]:
    ids = _public_ids(tables)
    rules = {str(row["id"]): row["external_id"] for row in tables["access_rule"]}
    for row in tables["application_credential_access_rule"]:
        if key := ids.get(str(row["application_credential_id"])):
            rule = rules[str(row["access_rule_id"])]
            yield {"application_credential_id": key, "access_rule_id": rule}


def _registered_limits(tables: Tables) -> Iterable[Row]:
    for row in tables["registered_limit"]:
        yield {
            **{key: row[key] for key in ("id", "service_id", "resource_name", "description")},
            "region_id": row["region_id"] or "",
            "default_limit": int(row["default_limit"]),
        }


def _limits(tables: Tables) -> Iterable[Row]:
    for row in tables["limit"]:
        yield {
            **{key: row[key] for key in ("id", "registered_limit_id", "description")},
            "project_id": row["project_id"] or "",
            "domain_id": row["domain_id"] or "",
            "resource_limit": int(row["resource_limit"]),
        }


def _same(table: str, *columns: str, **renamed: str) -> Callable[[Tables], Iterable[Row]]:
    "A conversion that copies columns; `renamed` is our name = Keystone's."
    pairs = {**{name: name for name in columns}, **renamed}

    def convert(tables: Tables) -> Iterable[Row]:
        return [{ours: row[theirs] for ours, theirs in pairs.items()} for row in tables[table]]

    return convert


# In the order of foreign keys.
_NOUNS: tuple[tuple[str, Any, Callable[[Tables], Iterable[Row]]], ...] = (
    ("projects", models.Project, _projects),
    ("project tags", models.ProjectTag, _same("project_tag", "project_id", "name")),
    ("users", models.User, _users),
    ("groups", models.Group, _groups),
    ("entries of directories", models.DirectoryEntry, _directory_entries),
    ("memberships", models.Membership, _memberships),
    ("roles", models.Role, _roles),
    (
        "implied roles",
        models.ImpliedRole,
        _same("implied_role", prior_id="prior_role_id", implied_id="implied_role_id"),
    ),
    ("assignments", models.Assignment, _assignments),
    ("regions", models.Region, _regions),
    ("services", models.Service, _services),
    ("endpoints", models.Endpoint, _endpoints),
    ("endpoint groups", models.EndpointGroup, _endpoint_groups),
    (
        "endpoints of projects",
        models.ProjectEndpoint,
        _same("project_endpoint", "project_id", "endpoint_id"),
    ),
    (
        "endpoint groups of projects",
        models.ProjectEndpointGroup,
        _same("project_endpoint_group", "project_id", "endpoint_group_id"),
    ),
    ("policies", models.Policy, _policies),
    ("policy associations", models.PolicyAssociation, _policy_associations),
    ("trusts", models.Trust, _trusts),
    ("trust roles", models.TrustRole, _same("trust_role", "trust_id", "role_id")),
    ("application credentials", models.ApplicationCredential, _application_credentials),
    ("roles of those", models.ApplicationCredentialRole, _credential_roles),
    ("access rules", models.AccessRule, _access_rules),
    ("access rules of those", models.ApplicationCredentialRule, _ruled),
    ("registered limits", models.RegisteredLimit, _registered_limits),
    ("limits", models.Limit, _limits),
)


def _passwords(session: Session, tables: Tables, report: Report) -> int:
    "Hashes, oldest first, of users who have none here yet."
    have = keystone.with_password(session, models.Password)
    owners = {str(row["id"]): row["user_id"] for row in tables["local_user"]}
    known = {row["id"] for row in tables["user"]}
    unreadable, added = set(), []
    for row in sorted(tables["password"], key=lambda r: int(r["id"])):
        user, hashed = owners.get(str(row["local_user_id"])), row["password_hash"]
        if not hashed or user is None or user in have or user not in known:
            continue
        if not hashing.known_form(hashed):
            unreadable.add(user)
        created = _micros(row["created_at_int"]) or _moment(row["created_at"])
        added.append(
            models.Password(
                user_id=user,
                hash=hashed,
                created_at=created,
                expires_at=_micros(row["expires_at_int"]),
                self_service=_flag(row["self_service"]),
            )
        )
    rows.add_all(session, added)
    if unreadable:
        report.warnings.append(
            f"{len(unreadable)} users need a new password, their hash is of an unknown form: "
            + ", ".join(sorted(unreadable)[:20])
        )
    return len(added)


def _domain_configs(deps: Deps, session: Session, tables: Tables, report: Report) -> int:
    "The options of domains that are known here; secrets are encrypted."
    domains = {row["id"] for row in tables["project"]}
    wanted, unknown = [], set()
    for row in (*tables["whitelisted_config"], *tables["sensitive_config"]):
        group, option, value = row["group"], row["option"], row["value"]
        if option not in domain_options.DEFAULTS.get(group, {}):
            unknown.add(f"{group}.{option}")
            continue
        value = json.loads(value) if isinstance(value, str) else value
        if (group, option) in domain_options.SECRET:
            value = deps.vault.encrypt(str(value))
        if row["domain_id"] in domains:
            named = {"domain_id": row["domain_id"], "group": group, "option": option}
            wanted.append({**named, "value": value})
    if unknown:
        report.warnings.append(f"options of domains left behind: {', '.join(sorted(unknown))}")
    return keystone.merge(session, models.DomainConfig, wanted)


def _credentials(
    deps: Deps, session: Session, tables: Tables, directory: Path | None, report: Report
) -> int:
    "Credentials, decrypted with Keystone's keys and encrypted with ours."
    if not tables["credential"]:
        return 0
    if directory is None:
        report.warnings.append(
            f"{len(tables['credential'])} credentials left behind: --credential-keys names the "
            "directory of the keys that decrypt them"
        )
        return 0
    # Keystone's primary key is the file with the highest number; any of them may decrypt.
    files = sorted((p for p in directory.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    if not files:
        raise ValueError(f"{directory} holds no keys")
    box = MultiFernet([Fernet(path.read_bytes().strip()) for path in reversed(files)])
    wanted, lost = [], []
    for row in tables["credential"]:
        try:
            blob = box.decrypt(row["encrypted_blob"].encode()).decode()
        except InvalidToken:
            lost.append(row["id"])
            continue
        wanted.append(
            {
                **{key: row[key] for key in ("id", "user_id", "project_id", "type")},
                "blob": deps.vault.encrypt(blob),
                "extra": _json(row["extra"], {}),
            }
        )
    if lost:
        report.warnings.append(f"{len(lost)} credentials do not decrypt: {', '.join(lost[:20])}")
    return keystone.merge(session, models.Credential, wanted)
