"Users and groups."

from identity.policy.rows import ADMIN, ALL, READ, crud, own, rows

_USER_READ = (
    f"{READ} or (role:reader and token.domain.id:%(target.user.domain_id)s)"
    " or user_id:%(target.user.id)s"
)
_USER_WRITE = f"{ADMIN} or (role:manager and token.domain.id:%(target.user.domain_id)s)"
_GROUP_READ = f"{READ} or {own('group', 'reader')}"
_GROUP_WRITE = f"{ADMIN} or {own('group', 'manager')}"
_MEMBER = "domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s"
PEOPLE = (
    *crud("user", "users", "/v3/users", read=_USER_READ, write=_USER_WRITE, scope=ALL),
    *crud("group", "groups", "/v3/groups", read=_GROUP_READ, write=_GROUP_WRITE, scope=ALL),
    *rows(
        "/v3/users/{user_id}/groups",
        (
            "list_groups_for_user",
            f"{READ} or {own('user', 'reader')} or user_id:%(user_id)s",
            "List groups of a user.",
            "GET HEAD",
        ),
        scope=ALL,
    ),
    *rows(
        "/v3/groups/{group_id}/users",
        ("list_users_in_group", _GROUP_READ, "List users of a group.", "GET HEAD"),
        scope=ALL,
    ),
    *rows(
        "/v3/groups/{group_id}/users/{user_id}",
        (
            "check_user_in_group",
            f"{READ} or (role:reader and {_MEMBER})",
            "Check a membership.",
            "GET HEAD",
        ),
        (
            "add_user_to_group",
            f"{ADMIN} or (role:manager and {_MEMBER})",
            "Add a user to a group.",
            "PUT",
        ),
        (
            "remove_user_from_group",
            f"{ADMIN} or (role:manager and {_MEMBER})",
            "Remove a user from a group.",
            "DELETE",
        ),
        scope=ALL,
    ),
)
