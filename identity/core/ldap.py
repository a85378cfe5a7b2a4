"""An LDAP directory as a domain's options describe it: who is in it, in which groups, and whether a
password is right.

Only reads. Every call opens a connection of its own and closes it. Options have Keystone's names
and meanings (configuration reference, [ldap]). Source: RFC 4511 (protocol), RFC 4515 (filters).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPExceptionError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from identity.errors import DirectoryUnreachable

_SUCCESS, _SIZE_LIMIT, _NO_SUCH_OBJECT, _INVALID_CREDENTIALS = 0, 4, 32, 49
_CERTIFICATES = {
    "demand": ssl.CERT_REQUIRED,
    "allow": ssl.CERT_OPTIONAL,
    "never": ssl.CERT_NONE,
}
LONGEST = 255
"Characters of ids and names; whoever has longer ones is not seen."
_IN_CHAIN = ":1.2.840.113556.1.4.1941:"
"Active Directory's rule that looks through groups in groups (MS-ADTS 3.1.1.3.4.4.3)."


@dataclass(frozen=True)
class Person:
    "A user of the directory."

    local_id: str
    name: str
    dn: str
    enabled: bool = True
    description: str | None = None
    email: str | None = None
    default_project_id: str | None = None


@dataclass(frozen=True)
class Team:
    "A group of the directory."

    local_id: str
    name: str
    dn: str
    description: str | None = None
    members: tuple[str, ...] = ()
    """DNs of users, or their ids (`group_members_are_ids`)."""


class _Entry:
    "What a search found: values by the name of an attribute, whose case says nothing."

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.dn = str(found["dn"])
        self._values = {name.lower(): values for name, values in found["raw_attributes"].items()}

    def all(self, attribute: str | None) -> list[str]:
        values = self._values.get((attribute or "").lower()) or []
        return [value.decode("utf-8", "replace") for value in values]

    def first(self, attribute: str | None) -> str | None:
        values = self.all(attribute)
        return values[0] if values else None


class Ldap:
    "See the module. `options` are those of `domain_options.settings`. Thread-safe."

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._o = options
        self._users_at = options["user_tree_dn"] or f"ou=Users,{options['suffix']}"
        self._groups_at = options["group_tree_dn"] or f"ou=UserGroups,{options['suffix']}"

    # Connections

    def _servers(self) -> Iterator[ldap3.Server]:
        tls = ldap3.Tls(
            validate=_CERTIFICATES[self._o["tls_req_cert"]],
            ca_certs_file=self._o["tls_cacertfile"],
            ca_certs_path=self._o["tls_cacertdir"],
        )
        for url in str(self._o["url"]).split(","):
            parts = urlsplit(url.strip())
            if parts.scheme not in ("ldap", "ldaps"):
                raise DirectoryUnreachable(f"{url!r} is no address of a directory")
            secure = parts.scheme == "ldaps"
            yield ldap3.Server(
                unquote(parts.hostname or "localhost"),
                port=parts.port or (636 if secure else 389),
                use_ssl=secure,
                tls=tls,
                connect_timeout=self._o["connection_timeout"],
                get_info=ldap3.NONE,
            )

    @contextmanager
    def _connected(self) -> Iterator[ldap3.Connection]:
        "A connection of the service's own account. Raises DirectoryUnreachable."
        why = "no server is named"
        for server in self._servers():
            connection = ldap3.Connection(
                server,
                user=self._o["user"],
                password=self._o["password"],
                authentication=ldap3.SIMPLE if self._o["user"] else ldap3.ANONYMOUS,
                read_only=True,
                receive_timeout=self._o["connection_timeout"],
                auto_referrals=bool(self._o["chase_referrals"]),
                check_names=False,
            )
            try:
                connection.open()
                if self._o["use_tls"]:
                    connection.start_tls()
                bound = connection.bind()
            except (LDAPException, OSError) as error:
                why = f"{server.host}:{server.port}: {error}"
                continue
            if not bound:
                why = f"{server.host}:{server.port}: {connection.result['description']}"
                _close(connection)
                continue
            try:
                yield connection
            except (LDAPException, OSError) as error:
                raise DirectoryUnreachable(f"{server.host}: {error}") from error
            finally:
                _close(connection)
            return
        raise DirectoryUnreachable(why)

    def _search(
        self, connection: ldap3.Connection, base: str, condition: str, wanted: list[str | None]
    ) -> list[_Entry]:
        scope = ldap3.SUBTREE if self._o["query_scope"] == "sub" else ldap3.LEVEL
        return self._found(connection, base, condition, wanted, scope)

    def _found(
        self,
        connection: ldap3.Connection,
        base: str,
        condition: str,
        wanted: list[str | None],
        scope: str,
    ) -> list[_Entry]:
        attributes = sorted({name for name in wanted if name})
        found: list[_Entry] = []
        page = self._o["page_size"] or None
        cookie: Any = None
        while True:
            connection.search(
                base,
                condition,
                search_scope=scope,
                attributes=attributes,
                paged_size=page,
                paged_cookie=cookie,
            )
            result = connection.result
            if result["result"] == _NO_SUCH_OBJECT:
                return []
            if result["result"] not in (_SUCCESS, _SIZE_LIMIT):
                raise DirectoryUnreachable(f"{base}: {result['description']}")
            entries = connection.response or []
            found += [_Entry(e) for e in entries if e["type"] == "searchResEntry"]
            controls = result.get("controls") or {}
            cookie = (controls.get("1.2.840.113556.1.4.319") or {}).get("value", {}).get("cookie")
            if not page or not cookie:
                return found

    # Users

    def _person_attributes(self) -> list[str | None]:
        o = self._o
        return [
            o["user_id_attribute"],
            o["user_name_attribute"],
            o["user_description_attribute"],
            o["user_mail_attribute"],
            o["user_enabled_attribute"],
            o["user_default_project_id_attribute"],
        ]

    def _users_where(self, attribute: str | None = None, value: str = "") -> str:
        chosen = f"({attribute}={escape_filter_chars(value)})" if attribute else ""
        return (
            f"(&(objectClass={self._o['user_objectclass']}){self._o['user_filter'] or ''}{chosen})"
        )

    def _person(self, entry: _Entry, emulated: set[str] | None) -> Person | None:
        o, ignored = self._o, self._o["user_attribute_ignore"]
        local_id, name = entry.first(o["user_id_attribute"]), entry.first(o["user_name_attribute"])
        if not local_id or not name or max(len(local_id), len(name)) > LONGEST:
            return None
        known = {
            what: entry.first(o[f"user_{option}_attribute"])
            for what, option in (
                ("description", "description"),
                ("email", "mail"),
                ("default_project_id", "default_project_id"),
            )
            if what not in ignored
        }
        if emulated is not None:
            enabled = entry.dn.lower() in emulated
        else:
            enabled = "enabled" in ignored or self._enabled(entry)
        return Person(local_id, name, entry.dn, enabled, **known)

    def _enabled(self, entry: _Entry) -> bool:
        value = entry.first(self._o["user_enabled_attribute"])
        value = str(self._o["user_enabled_default"]) if value is None else value
        mask = self._o["user_enabled_mask"]
        if mask:
            return not value.lstrip("-").isdecimal() or (int(value) & mask) != mask
        on = value.strip().lower() in ("true", "1", "yes", "on")
        return on != self._o["user_enabled_invert"]

    def _emulated(self, connection: ldap3.Connection) -> set[str] | None:
        "DNs of those who are enabled because they are in a group; None where that is not the way."
        o = self._o
        if not o["user_enabled_emulation"]:
            return None
        dn = o["user_enabled_emulation_dn"] or f"cn=enabled_users,{self._users_at}"
        member = (
            o["group_member_attribute"]
            if o["user_enabled_emulation_use_group_config"]
            else "member"
        )
        found = self._found(connection, dn, "(objectClass=*)", [member], ldap3.BASE)
        return {value.lower() for entry in found for value in entry.all(member)}

    def _people(
        self, connection: ldap3.Connection, attribute: str | None = None, value: str = ""
    ) -> list[Person]:
        emulated = self._emulated(connection)
        condition = self._users_where(attribute, value)
        found = self._search(connection, self._users_at, condition, self._person_attributes())
        people = (self._person(entry, emulated) for entry in found)
        return [person for person in people if person is not None]

    def people(self, name: str | None = None) -> list[Person]:
        "All users, or those with this name. Raises DirectoryUnreachable."
        attribute = self._o["user_name_attribute"] if name is not None else None
        with self._connected() as connection:
            return self._people(connection, attribute, name or "")

    def login(
        self, password: str, *, name: str | None = None, local_id: str | None = None
    ) -> tuple[Person, list[Team]] | None:
        """The user with this name or id, and their groups, if the password is theirs; else None,
        after the same questions whether or not there is such a user. Raises
        DirectoryUnreachable."""
        if not password:
            return None  # a bind without a password is anonymous, and goes well (RFC 4513 5.1.2)
        by = "user_name_attribute" if local_id is None else "user_id_attribute"
        value = name if local_id is None else local_id
        with self._connected() as connection:
            found = self._people(connection, self._o[by], value or "")
            person = found[0] if len(found) == 1 else None
            dn = person.dn if person else f"cn=nobody,{self._users_at}"
            if not connection.rebind(user=dn, password=password, authentication=ldap3.SIMPLE):
                if person is None or connection.result["result"] == _INVALID_CREDENTIALS:
                    return None
                raise DirectoryUnreachable(connection.result["description"])
            if person is None:
                return None
            own = self._o["user"]
            how = ldap3.SIMPLE if own else ldap3.ANONYMOUS
            if not connection.rebind(user=own, password=self._o["password"], authentication=how):
                raise DirectoryUnreachable(connection.result["description"])
            return person, self._teams(connection, person)

    # Groups

    def _groups_where(self, more: str = "") -> str:
        return (
            f"(&(objectClass={self._o['group_objectclass']}){self._o['group_filter'] or ''}{more})"
        )

    def _teams(self, connection: ldap3.Connection, person: Person) -> list[Team]:
        o = self._o
        value = person.local_id if o["group_members_are_ids"] else person.dn
        chain = _IN_CHAIN if o["group_ad_nesting"] else ""
        member = f"({o['group_member_attribute']}{chain}={escape_filter_chars(value)})"
        return self._listed_teams(connection, self._groups_where(member))

    def _listed_teams(
        self, connection: ldap3.Connection, condition: str, *, members: bool = False
    ) -> list[Team]:
        o = self._o
        wanted = [
            o["group_id_attribute"],
            o["group_name_attribute"],
            o["group_desc_attribute"],
            o["group_member_attribute"] if members else None,
        ]
        teams = []
        for entry in self._search(connection, self._groups_at, condition, wanted):
            local_id = entry.first(o["group_id_attribute"])
            name = entry.first(o["group_name_attribute"]) or local_id
            if local_id and name and max(len(local_id), len(name)) <= LONGEST:
                words = entry.first(o["group_desc_attribute"])
                inside = tuple(entry.all(o["group_member_attribute"])) if members else ()
                teams.append(Team(local_id, name, entry.dn, words, inside))
        return teams

    def teams(self, name: str | None = None) -> list[Team]:
        "All groups, or those with this name. Raises DirectoryUnreachable."
        more = f"({self._o['group_name_attribute']}={escape_filter_chars(name)})" if name else ""
        with self._connected() as connection:
            return self._listed_teams(connection, self._groups_where(more))

    def members(self, local_id: str) -> list[Person]:
        "The users in a group. Raises DirectoryUnreachable."
        o = self._o
        more = f"({o['group_id_attribute']}={escape_filter_chars(local_id)})"
        with self._connected() as connection:
            if o["group_ad_nesting"]:
                teams = self._listed_teams(connection, self._groups_where(more))
                return self._in_chain(connection, teams)
            teams = self._listed_teams(connection, self._groups_where(more), members=True)
            emulated = self._emulated(connection)
            found: list[Person | None] = []
            for value in (value for team in teams for value in team.members):
                if o["group_members_are_ids"]:
                    condition = self._users_where(o["user_id_attribute"], value)
                    entries = self._search(
                        connection, self._users_at, condition, self._person_attributes()
                    )
                else:
                    entries = self._at(connection, value)
                found += [self._person(entry, emulated) for entry in entries]
            return [person for person in found if person is not None]

    def _at(self, connection: ldap3.Connection, dn: str) -> list[_Entry]:
        try:
            parse_dn(dn)
        except LDAPExceptionError:
            return []
        attributes = self._person_attributes()
        return self._found(connection, dn, self._users_where(), attributes, ldap3.BASE)

    def _in_chain(self, connection: ldap3.Connection, teams: list[Team]) -> list[Person]:
        emulated, found = self._emulated(connection), []
        for team in teams:
            more = f"(memberOf{_IN_CHAIN}={escape_filter_chars(team.dn)})"
            condition = f"(&{self._users_where()}{more})"
            found += self._search(connection, self._users_at, condition, self._person_attributes())
        people = (self._person(entry, emulated) for entry in found)
        return [person for person in people if person is not None]


def _close(connection: ldap3.Connection) -> None:
    try:
        connection.unbind()
    except (LDAPException, OSError):
        pass
