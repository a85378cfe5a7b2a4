"""What can be configured for one domain: names, kinds and defaults of the options.

The names are those of Keystone's groups `identity` and `ldap`, since that is what clients and
existing clouds have. Source: Identity API v3, "Domain configuration"; Keystone configuration
reference, [ldap].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.errors import DomainConfigRefused

DEFAULTS: dict[str, dict[str, Any]] = {
    "identity": {"driver": "sql", "list_limit": None},
    "ldap": {
        "url": "ldap://localhost",
        "user": None,
        "password": None,
        "suffix": "cn=example,cn=com",
        "query_scope": "one",
        "page_size": 0,
        "alias_dereferencing": "default",
        "debug_level": None,
        "chase_referrals": None,
        "user_tree_dn": None,
        "user_filter": None,
        "user_objectclass": "inetOrgPerson",
        "user_id_attribute": "cn",
        "user_name_attribute": "sn",
        "user_description_attribute": "description",
        "user_mail_attribute": "mail",
        "user_pass_attribute": "userPassword",
        "user_enabled_attribute": "enabled",
        "user_enabled_invert": False,
        "user_enabled_mask": 0,
        "user_enabled_default": "True",
        "user_attribute_ignore": ["default_project_id"],
        "user_default_project_id_attribute": None,
        "user_enabled_emulation": False,
        "user_enabled_emulation_dn": None,
        "user_enabled_emulation_use_group_config": False,
        "user_additional_attribute_mapping": [],
        "group_tree_dn": None,
        "group_filter": None,
        "group_objectclass": "groupOfNames",
        "group_id_attribute": "cn",
        "group_name_attribute": "ou",
        "group_member_attribute": "member",
        "group_members_are_ids": False,
        "group_desc_attribute": "description",
        "group_attribute_ignore": [],
        "group_additional_attribute_mapping": [],
        "group_ad_nesting": False,
        "tls_cacertfile": None,
        "tls_cacertdir": None,
        "use_tls": False,
        "tls_req_cert": "demand",
        "connection_timeout": 5,
        "use_pool": True,
        "pool_size": 10,
        "pool_retry_max": 3,
        "pool_retry_delay": 0.1,
        "pool_connection_timeout": -1,
        "pool_connection_lifetime": 600,
        "use_auth_pool": True,
        "auth_pool_size": 100,
        "auth_pool_connection_lifetime": 60,
    },
}
SECRET = {("ldap", "password")}
"Kept encrypted, and never shown."
_CHOICES = {
    ("ldap", "query_scope"): ("one", "sub"),
    ("ldap", "tls_req_cert"): ("demand", "allow", "never"),
}
_LONGEST = 8192


def check(group: str, option: str | None = None) -> None:
    "Raise DomainConfigRefused for what is no group, or no option of it."
    if group not in DEFAULTS:
        raise DomainConfigRefused(f"there is no group {group}.")
    if option is not None and option not in DEFAULTS[group]:
        raise DomainConfigRefused(f"there is no option {option} in the group {group}.")


def check_value(group: str, option: str, value: Any) -> None:
    "Raise DomainConfigRefused for an option that is unknown, or a value that it cannot have."
    check(group, option)
    default = DEFAULTS[group][option]
    text = isinstance(value, str)
    if isinstance(value, dict) or (text and len(value) > _LONGEST):
        raise DomainConfigRefused(f"{option} cannot have this value.")
    choices = _CHOICES.get((group, option))
    if choices and value not in choices:
        raise DomainConfigRefused(f"{option} must be one of {', '.join(choices)}.")
    if isinstance(default, bool):
        right = isinstance(value, bool) or (text and value.lower() in ("true", "false"))
    elif isinstance(default, int):
        right = _is_number(value)
    elif isinstance(default, list):
        right = text or (isinstance(value, list) and all(isinstance(v, str) for v in value))
    elif option in ("list_limit", "debug_level"):
        right = value is None or _is_number(value)
    else:
        right = value is None or isinstance(value, str | int | float | bool)
    if (group, option) in (("ldap", "url"), ("identity", "driver")):
        right = text and bool(value.strip())
    if not right:
        raise DomainConfigRefused(f"{value!r} is no value for {option}.")


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdecimal())


def settings(group: str, given: Mapping[str, Any]) -> dict[str, Any]:
    "All options of a group, as given or by default, with the kinds of their defaults."
    found = {}
    for option, default in DEFAULTS[group].items():
        value = given.get(option, default)
        if isinstance(default, bool) and isinstance(value, str):
            value = value.lower() == "true"
        elif isinstance(default, int) and isinstance(value, str):
            value = int(value)
        elif isinstance(default, list) and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        found[option] = value
    return found


def shown(group: str, option: str | None = None) -> dict[str, Any]:
    "The defaults, without secrets, as clients see them."
    found = {o: v for o, v in DEFAULTS[group].items() if (group, o) not in SECRET}
    return found if option is None else {o: v for o, v in found.items() if o == option}
