"""Who may do what: the rules of the image service, with Glance's names and defaults of 2026."""

from common.policy import rule

ADMIN = "role:admin"
MEMBER_OF_OWNER = "role:member and project_id:%(project_id)s"
OWNER = f"{ADMIN} or ({MEMBER_OF_OWNER})"
READER = (
    "role:reader and (project_id:%(project_id)s or project_id:%(member_id)s or "
    "'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s)"
)
DOWNLOAD = (
    "role:member and (project_id:%(project_id)s or project_id:%(member_id)s or "
    "'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s)"
)
SERVICE = "role:service"
IMAGE = "/v2/images/{image_id}"
N = "/v2/metadefs/namespaces/{namespace_name}"

IMAGES = (
    rule("add_image", OWNER, "Create an image.", ("POST", "/v2/images")),
    rule("delete_image", OWNER, "Delete an image.", ("DELETE", IMAGE)),
    rule("get_image", f"{ADMIN} or {SERVICE} or ({READER})", "Show an image.", ("GET", IMAGE)),
    rule(
        "get_images", f"{ADMIN} or {SERVICE} or role:reader", "List images.", ("GET", "/v2/images")
    ),
    rule("modify_image", OWNER, "Change an image.", ("PATCH", IMAGE)),
    rule("publicize_image", ADMIN, "Make an image public.", ("PATCH", IMAGE)),
    rule("communitize_image", OWNER, "Make an image a community image.", ("PATCH", IMAGE)),
    rule(
        "download_image",
        f"{ADMIN} or {SERVICE} or ({DOWNLOAD})",
        "Read an image's data.",
        ("GET", IMAGE + "/file"),
    ),
    rule(
        "upload_image", f"{OWNER} or {SERVICE}", "Write an image's data.", ("PUT", IMAGE + "/file")
    ),
    rule("deactivate", OWNER, "Forbid downloads.", ("POST", IMAGE + "/actions/deactivate")),
    rule("reactivate", OWNER, "Allow downloads again.", ("POST", IMAGE + "/actions/reactivate")),
    rule("copy_image", ADMIN, "Copy an image to more stores.", ("POST", IMAGE + "/import")),
    rule(
        "add_image_location",
        f"{OWNER} or {SERVICE}",
        "Add where the data lies.",
        ("POST", IMAGE + "/locations"),
    ),
    rule(
        "fetch_image_location",
        f"{SERVICE} or {ADMIN}",
        "See where the data lies.",
        ("GET", IMAGE + "/locations"),
    ),
    rule(
        "delete_image_location",
        ADMIN,
        "Delete the data of one store.",
        ("DELETE", "/v2/stores/{store_id}/{image_id}"),
    ),
)

MEMBERS = (
    rule("get_members", f"{ADMIN} or ({READER})", "List members.", ("GET", IMAGE + "/members")),
    rule(
        "get_member",
        f"{ADMIN} or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)",
        "Show a member.",
        ("GET", IMAGE + "/members/{member_id}"),
    ),
    rule("add_member", OWNER, "Share an image.", ("POST", IMAGE + "/members")),
    rule(
        "modify_member",
        f"{ADMIN} or (role:member and project_id:%(member_id)s)",
        "Accept or reject an image.",
        ("PUT", IMAGE + "/members/{member_id}"),
    ),
    rule("delete_member", OWNER, "Stop sharing.", ("DELETE", IMAGE + "/members/{member_id}")),
)

SERVICE_WIDE = (
    rule(
        "tasks_api_access",
        ADMIN,
        "Use the tasks API.",
        ("GET", "/v2/tasks"),
        ("GET", "/v2/tasks/{task_id}"),
        ("POST", "/v2/tasks"),
    ),
    rule(
        "stores_info_detail",
        f"{ADMIN} or {SERVICE}",
        "See how stores are set up.",
        ("GET", "/v2/info/stores/detail"),
    ),
    rule("get_usage", "role:reader", "See the own project's limits.", ("GET", "/v2/info/usage")),
    rule(
        "get_discovery",
        "",
        "See import methods, stores and schemas.",
        ("GET", "/v2/info/import"),
        ("GET", "/v2/info/stores"),
        ("GET", "/v2/schemas/{name}"),
    ),
    rule("cache_image", ADMIN, "Queue an image for caching.", ("PUT", "/v2/cache/{image_id}")),
    rule("cache_list", ADMIN, "List the cache.", ("GET", "/v2/cache")),
    rule(
        "cache_delete",
        ADMIN,
        "Remove from the cache.",
        ("DELETE", "/v2/cache"),
        ("DELETE", "/v2/cache/{image_id}"),
    ),
)

_SEE = f"{ADMIN} or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"


def _definitions() -> tuple:
    rows = [
        rule(
            "list_metadef_resource_types",
            _SEE,
            "List resource types.",
            ("GET", "/v2/metadefs/resource_types"),
        ),
        rule(
            "get_metadef_resource_type",
            _SEE,
            "List a namespace's associations.",
            ("GET", N + "/resource_types"),
        ),
        rule(
            "add_metadef_resource_type_association",
            ADMIN,
            "Associate a resource type.",
            ("POST", N + "/resource_types"),
        ),
        rule(
            "remove_metadef_resource_type_association",
            ADMIN,
            "Remove an association.",
            ("DELETE", N + "/resource_types/{name}"),
        ),
        rule(
            "get_metadef_namespaces", _SEE, "List namespaces.", ("GET", "/v2/metadefs/namespaces")
        ),
        rule("get_metadef_namespace", _SEE, "Show a namespace.", ("GET", N)),
        rule(
            "add_metadef_namespace",
            ADMIN,
            "Create a namespace.",
            ("POST", "/v2/metadefs/namespaces"),
        ),
        rule("modify_metadef_namespace", ADMIN, "Change a namespace.", ("PUT", N)),
        rule("delete_metadef_namespace", ADMIN, "Delete a namespace.", ("DELETE", N)),
        rule("add_metadef_tags", ADMIN, "Replace all tags.", ("POST", N + "/tags")),
        rule("delete_metadef_tags", ADMIN, "Delete all tags.", ("DELETE", N + "/tags")),
    ]
    for noun, plural, path, remove in (
        ("object", "objects", "/objects", "delete"),
        ("property", "properties", "/properties", "remove"),
        ("tag", "tags", "/tags", "delete"),
    ):
        rows += [
            rule(f"get_metadef_{plural}", _SEE, f"List {plural}.", ("GET", N + path)),
            rule(
                f"get_metadef_{noun}",
                _SEE,
                f"Show one of the {plural}.",
                ("GET", f"{N}{path}/{{name}}"),
            ),
            rule(f"add_metadef_{noun}", ADMIN, f"Add to the {plural}.", ("POST", N + path)),
            rule(
                f"modify_metadef_{noun}",
                ADMIN,
                f"Change one of the {plural}.",
                ("PUT", f"{N}{path}/{{name}}"),
            ),
            rule(
                f"{remove}_metadef_{noun}",
                ADMIN,
                f"Delete one of the {plural}.",
                ("DELETE", f"{N}{path}/{{name}}"),
            ),
        ]
    return tuple(rows)


RULES = (*IMAGES, *MEMBERS, *SERVICE_WIDE, *_definitions())
