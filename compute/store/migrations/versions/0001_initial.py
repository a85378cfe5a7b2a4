"Every table of compute."

import sqlalchemy as sa
from alembic import op

from common import db

revision = "0001"
down_revision = None


def upgrade() -> None:
    _aggregates()
    _compute_nodes()
    _console_tokens()
    _consumers()
    _flavors()
    _keypairs()
    _project_locks()
    _providers()
    _quotas()
    _resource_classes()
    _server_groups()
    _servers()
    _services()
    _traits()
    _actions()
    _aggregate_hosts()
    _allocations()
    _block_devices()
    _flavor_access()
    _inventories()
    _jobs()
    _migrations()
    _provider_aggregates()
    _provider_traits()
    _server_tags()
    _action_events()


def _aggregates() -> None:
    op.create_table(
        "aggregates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("meta", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aggregates")),
        sa.UniqueConstraint("name", name=op.f("uq_aggregates_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_aggregates_uuid")),
    )


def _compute_nodes() -> None:
    op.create_table(
        "compute_nodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("hypervisor_hostname", sa.String(length=255), nullable=False),
        sa.Column("report", db.Json(), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("busy", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_nodes")),
        sa.UniqueConstraint("host", name=op.f("uq_compute_nodes_host")),
        sa.UniqueConstraint("uuid", name=op.f("uq_compute_nodes_uuid")),
    )


def _console_tokens() -> None:
    op.create_table(
        "console_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", db.Json(), nullable=False),
        sa.Column("access_url_base", sa.String(length=255), nullable=False),
        sa.Column("expires_at", db.UTCDateTime(), nullable=False),
        sa.Column("used_at", db.UTCDateTime(), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_console_tokens")),
    )
    op.create_index("ix_console_tokens_expires_at", "console_tokens", ["expires_at"])
    op.create_index("ix_console_tokens_server_id", "console_tokens", ["server_id"])


def _consumers() -> None:
    op.create_table(
        "consumers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("consumer_type", sa.String(length=255), nullable=True),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_consumers")),
    )
    op.create_index("ix_consumers_project_user", "consumers", ["project_id", "user_id"])


def _flavors() -> None:
    op.create_table(
        "flavors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flavorid", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("root_gib", sa.Integer(), nullable=False),
        sa.Column("ephemeral_gib", sa.Integer(), nullable=False),
        sa.Column("swap_mib", sa.Integer(), nullable=False),
        sa.Column("rxtx_factor", sa.Double(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra_specs", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flavors")),
        sa.UniqueConstraint("flavorid", name=op.f("uq_flavors_flavorid")),
        sa.UniqueConstraint("name", name=op.f("uq_flavors_name")),
    )


def _keypairs() -> None:
    op.create_table(
        "keypairs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keypairs")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_keypairs_user_id_name")),
    )


def _project_locks() -> None:
    op.create_table(
        "project_locks",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_locks")),
    )


def _providers() -> None:
    op.create_table(
        "providers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("root_id", sa.Integer(), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["providers.id"], name=op.f("fk_providers_parent_id")
        ),
        sa.ForeignKeyConstraint(["root_id"], ["providers.id"], name=op.f("fk_providers_root_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_providers_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_providers_uuid")),
    )
    op.create_index(op.f("ix_providers_root_id"), "providers", ["root_id"], unique=False)


def _quotas() -> None:
    op.create_table(
        "quotas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=511), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("hard_limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotas")),
        sa.UniqueConstraint(
            "scope", "owner", "resource", name=op.f("uq_quotas_scope_owner_resource")
        ),
    )
    op.create_index(op.f("ix_quotas_owner"), "quotas", ["owner"], unique=False)


def _resource_classes() -> None:
    op.create_table(
        "resource_classes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_resource_classes")),
    )


def _server_groups() -> None:
    op.create_table(
        "server_groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("rules", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_groups")),
    )
    op.create_index("ix_server_groups_project_id", "server_groups", ["project_id"])


def _servers() -> None:
    op.create_table(
        "servers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("vm_state", sa.String(length=32), nullable=False),
        sa.Column("task_state", sa.String(length=32), nullable=True),
        sa.Column("power_state", sa.Integer(), nullable=False),
        sa.Column("power_wanted", sa.String(length=16), nullable=False),
        sa.Column("old_vm_state", sa.String(length=32), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("fault", db.Json(), nullable=True),
        sa.Column("locked_by", sa.String(length=16), nullable=True),
        sa.Column("locked_reason", sa.String(length=255), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("node", sa.String(length=255), nullable=True),
        sa.Column("availability_zone", sa.String(length=255), nullable=True),
        sa.Column("pinned_zone", sa.String(length=255), nullable=True),
        sa.Column("flavor", db.Json(), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("root_gib", sa.Integer(), nullable=False),
        sa.Column("ephemeral_gib", sa.Integer(), nullable=False),
        sa.Column("old_flavor", db.Json(), nullable=True),
        sa.Column("image_id", sa.String(length=64), nullable=True),
        sa.Column("image", db.Json(), nullable=False),
        sa.Column("key_name", sa.String(length=255), nullable=True),
        sa.Column("key", db.Json(), nullable=True),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("config_drive", sa.Boolean(), nullable=False),
        sa.Column("personality", db.Json(), nullable=False),
        sa.Column("meta", db.Json(), nullable=False),
        sa.Column("hints", db.Json(), nullable=False),
        sa.Column("access_ipv4", sa.String(length=39), nullable=True),
        sa.Column("access_ipv6", sa.String(length=39), nullable=True),
        sa.Column("disk_config", sa.String(length=8), nullable=False),
        sa.Column("root_device_name", sa.String(length=64), nullable=True),
        sa.Column("reservation_id", sa.String(length=32), nullable=False),
        sa.Column("launch_index", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=True),
        sa.Column("request", db.Json(), nullable=False),
        sa.Column("nics", db.Json(), nullable=False),
        sa.Column("ips", sa.Text(), nullable=False),
        sa.Column("security_groups", db.Json(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("shelved_image_id", sa.String(length=64), nullable=True),
        sa.Column("shelved_at", db.UTCDateTime(), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("launched_at", db.UTCDateTime(), nullable=True),
        sa.Column("terminated_at", db.UTCDateTime(), nullable=True),
        sa.Column("deleted_at", db.UTCDateTime(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("purged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servers")),
    )
    op.create_index(op.f("ix_servers_flavor_id"), "servers", ["flavor_id"], unique=False)
    op.create_index(op.f("ix_servers_group_id"), "servers", ["group_id"], unique=False)
    op.create_index("ix_servers_host", "servers", ["host", "deleted"], unique=False)
    op.create_index(op.f("ix_servers_image_id"), "servers", ["image_id"], unique=False)
    op.create_index("ix_servers_list", "servers", ["deleted", "created_at", "id"], unique=False)
    op.create_index(
        "ix_servers_project_list",
        "servers",
        ["project_id", "deleted", "created_at", "id"],
        unique=False,
    )
    op.create_index("ix_servers_purge", "servers", ["deleted_at"], unique=False)
    op.create_index(op.f("ix_servers_updated_at"), "servers", ["updated_at"], unique=False)


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("binary", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=255), nullable=True),
        sa.Column("forced_down", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", db.UTCDateTime(), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("host", "binary", name=op.f("uq_services_host_binary")),
        sa.UniqueConstraint("uuid", name=op.f("uq_services_uuid")),
    )


def _traits() -> None:
    op.create_table(
        "traits",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_traits")),
    )


def _actions() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=True),
        sa.Column("user_id", sa.String(length=255), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("start_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name=op.f("fk_actions_server_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    op.create_index("ix_actions_server", "actions", ["server_id", "request_id"], unique=False)


def _aggregate_hosts() -> None:
    op.create_table(
        "aggregate_hosts",
        sa.Column("aggregate_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["aggregate_id"],
            ["aggregates.id"],
            name=op.f("fk_aggregate_hosts_aggregate_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("aggregate_id", "host", name=op.f("pk_aggregate_hosts")),
    )
    op.create_index(op.f("ix_aggregate_hosts_host"), "aggregate_hosts", ["host"], unique=False)


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("consumer_uuid", sa.String(length=36), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_uuid"],
            ["consumers.uuid"],
            name=op.f("fk_allocations_consumer_uuid"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_allocations_provider_id")
        ),
        sa.PrimaryKeyConstraint(
            "consumer_uuid", "provider_id", "resource_class", name=op.f("pk_allocations")
        ),
    )
    op.create_index("ix_allocations_provider_id", "allocations", ["provider_id"])


def _block_devices() -> None:
    op.create_table(
        "block_devices",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_type", sa.String(length=16), nullable=False),
        sa.Column("destination_type", sa.String(length=16), nullable=False),
        sa.Column("boot_index", sa.Integer(), nullable=True),
        sa.Column("size_gib", sa.Integer(), nullable=True),
        sa.Column("size_mib", sa.Integer(), nullable=True),
        sa.Column("image_id", sa.String(length=64), nullable=True),
        sa.Column("snapshot_id", sa.String(length=64), nullable=True),
        sa.Column("volume_id", sa.String(length=64), nullable=True),
        sa.Column("volume_type", sa.String(length=255), nullable=True),
        sa.Column("attachment_id", sa.String(length=64), nullable=True),
        sa.Column("connection", db.Json(), nullable=False),
        sa.Column("guest_format", sa.String(length=255), nullable=True),
        sa.Column("device_type", sa.String(length=255), nullable=True),
        sa.Column("disk_bus", sa.String(length=255), nullable=True),
        sa.Column("device_name", sa.String(length=255), nullable=True),
        sa.Column("delete_on_termination", sa.Boolean(), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=True),
        sa.Column("attached", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["servers.id"],
            name=op.f("fk_block_devices_server_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_block_devices")),
    )
    op.create_index("ix_block_devices_server_id", "block_devices", ["server_id"])
    op.create_index("ix_block_devices_volume_id", "block_devices", ["volume_id"])


def _flavor_access() -> None:
    op.create_table(
        "flavor_access",
        sa.Column("flavor_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["flavor_id"],
            ["flavors.id"],
            name=op.f("fk_flavor_access_flavor_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("flavor_id", "project_id", name=op.f("pk_flavor_access")),
    )


def _inventories() -> None:
    op.create_table(
        "inventories",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("min_unit", sa.Integer(), nullable=False),
        sa.Column("max_unit", sa.Integer(), nullable=False),
        sa.Column("step_size", sa.Integer(), nullable=False),
        sa.Column("allocation_ratio", sa.Double(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_inventories_provider_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider_id", "resource_class", name=op.f("pk_inventories")),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("args", db.Json(), nullable=False),
        sa.Column("context", db.Json(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_until", db.UTCDateTime(), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name=op.f("fk_jobs_server_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_open", "jobs", ["state", "updated_at"], unique=False)
    op.create_index("ix_jobs_server", "jobs", ["server_id", "state"], unique=False)


def _migrations() -> None:
    op.create_table(
        "migrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("source_host", sa.String(length=255), nullable=True),
        sa.Column("source_node", sa.String(length=255), nullable=True),
        sa.Column("dest_host", sa.String(length=255), nullable=True),
        sa.Column("dest_node", sa.String(length=255), nullable=True),
        sa.Column("dest_ip", sa.String(length=64), nullable=True),
        sa.Column("old_flavor_id", sa.Integer(), nullable=True),
        sa.Column("new_flavor_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.String(length=255), nullable=True),
        sa.Column("user_id", sa.String(length=255), nullable=True),
        sa.Column("totals", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name=op.f("fk_migrations_server_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migrations")),
        sa.UniqueConstraint("uuid", name=op.f("uq_migrations_uuid")),
    )
    op.create_index(op.f("ix_migrations_server_id"), "migrations", ["server_id"], unique=False)
    op.create_index(op.f("ix_migrations_status"), "migrations", ["status"], unique=False)


def _provider_aggregates() -> None:
    op.create_table(
        "provider_aggregates",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("aggregate_uuid", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_provider_aggregates_provider_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_id", "aggregate_uuid", name=op.f("pk_provider_aggregates")
        ),
    )
    op.create_index(
        op.f("ix_provider_aggregates_aggregate_uuid"),
        "provider_aggregates",
        ["aggregate_uuid"],
        unique=False,
    )


def _provider_traits() -> None:
    op.create_table(
        "provider_traits",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("trait", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_provider_traits_provider_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider_id", "trait", name=op.f("pk_provider_traits")),
    )
    op.create_index(op.f("ix_provider_traits_trait"), "provider_traits", ["trait"], unique=False)


def _server_tags() -> None:
    op.create_table(
        "server_tags",
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name=op.f("fk_server_tags_server_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("server_id", "tag", name=op.f("pk_server_tags")),
    )
    op.create_index(op.f("ix_server_tags_tag"), "server_tags", ["tag"], unique=False)


def _action_events() -> None:
    op.create_table(
        "action_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("traceback", sa.Text(), nullable=True),
        sa.Column("start_at", db.UTCDateTime(), nullable=False),
        sa.Column("finish_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["actions.id"],
            name=op.f("fk_action_events_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_events")),
    )
    op.create_index("ix_action_events_action_id", "action_events", ["action_id"])
