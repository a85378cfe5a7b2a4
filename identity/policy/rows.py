"What the rule tables share: personas, and rows for the usual calls."

from collections.abc import Iterator

from common.policy import Rule, rule

SYSTEM = ("system", "project")
ALL = ("system", "domain", "project")
ADMIN = "rule:admin_required"
READ = "rule:admin_required or (role:reader and system_scope:all)"


def own(noun: str, role: str) -> str:
    "The domain persona: `role` on the domain that the target belongs to."
    key = f"target.{noun}.domain_id"
    return f"(role:{role} and domain_id:%({key})s and not None:%({key})s)"


def rows(
    path: str, *rows: tuple[str, str, str, str], scope: tuple[str, ...] = SYSTEM
) -> Iterator[Rule]:
    "(name, check, description, methods) rows about one path."
    for name, check, description, methods in rows:
        yield rule(
            f"identity:{name}",
            check,
            description,
            *((m, path) for m in methods.split()),
            scope=scope,
        )


def crud(
    noun: str,
    plural: str,
    path: str,
    *,
    read: str = READ,
    write: str = ADMIN,
    create: str = "POST",
    suffix: str = "",
    scope: tuple[str, ...] = SYSTEM,
) -> Iterator[Rule]:
    one = f"{path}/{{{noun}_id}}"
    words = noun.replace("_", " ")
    yield from rows(
        one,
        (f"get_{noun}", read, f"Show a {words}.", "GET HEAD"),
        (f"update_{noun}", write, f"Change a {words}.", "PATCH"),
        (f"delete_{noun}", write, f"Delete a {words}.", "DELETE"),
        scope=scope,
    )
    yield from rows(
        path, (f"list_{plural}", read, f"List {plural.replace('_', ' ')}.", "GET HEAD"), scope=scope
    )
    yield from rows(
        path if create == "POST" else one,
        (f"create_{noun}{suffix}", write, f"Create a {words}.", create),
        scope=scope,
    )
