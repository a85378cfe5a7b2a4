"The first tables of the first release."

import sqlalchemy as sa
from alembic import op

from common.db import Json, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
    )
    op.create_index("ix_credential_project_id", "credential", ["project_id"], unique=False)
    op.create_index("ix_credential_user_id", "credential", ["user_id"], unique=False)
    op.create_table(
        "endpoint_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("filters", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_endpoint_group"),
    )
    op.create_table(
        "epoch",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_epoch"),
    )
    op.create_table(
        "mapping",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("rules", Json(), nullable=False),
        sa.Column("schema_version", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mapping"),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("blob", Json(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy"),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("is_domain", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("path", sa.String(length=700), nullable=False),
        sa.Column("options", Json(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["project.id"], name="fk_project_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("domain_id", "name", name="uq_project_domain_id_name"),
    )
    op.create_index("ix_project_is_domain", "project", ["is_domain"], unique=False)
    op.create_index("ix_project_parent_id", "project", ["parent_id"], unique=False)
    op.create_index("ix_project_path", "project", ["path"], unique=False)
    op.create_table(
        "region",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("parent_region_id", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_region_id"], ["region.id"], name="fk_region_parent_region_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_region"),
    )
    op.create_index("ix_region_parent_region_id", "region", ["parent_region_id"], unique=False)
    op.create_table(
        "revocation",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("issued_before", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_revocation"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_revocation_expires_at", "revocation", ["expires_at"], unique=False)
    op.create_table(
        "role",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("options", Json(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role"),
        sa.UniqueConstraint("domain_id", "name", name="uq_role_domain_id_name"),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
    )
    op.create_index("ix_service_type", "service", ["type"], unique=False)
    op.create_table(
        "service_provider",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("auth_url", sa.String(length=256), nullable=False),
        sa.Column("sp_url", sa.String(length=256), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("relay_state_prefix", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_provider"),
    )
    op.create_table(
        "trust",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("trustor_user_id", sa.String(length=64), nullable=False),
        sa.Column("trustee_user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("impersonation", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("remaining_uses", sa.Integer(), nullable=True),
        sa.Column("redelegated_trust_id", sa.String(length=64), nullable=True),
        sa.Column("redelegation_count", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust"),
    )
    op.create_index("ix_trust_project_id", "trust", ["project_id"], unique=False)
    op.create_index(
        "ix_trust_redelegated_trust_id", "trust", ["redelegated_trust_id"], unique=False
    )
    op.create_index("ix_trust_trustee_user_id", "trust", ["trustee_user_id"], unique=False)
    op.create_index("ix_trust_trustor_user_id", "trust", ["trustor_user_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("target_kind", sa.String(length=8), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["role.id"], name="fk_assignment_role_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "actor_id",
            "actor_kind",
            "target_id",
            "target_kind",
            "role_id",
            "inherited",
            name="pk_assignment",
        ),
    )
    op.create_index("ix_assignment_role_id", "assignment", ["role_id"], unique=False)
    op.create_index(
        "ix_assignment_target", "assignment", ["target_id", "target_kind"], unique=False
    )
    op.create_table(
        "domain_config",
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("group", sa.String(length=64), nullable=False),
        sa.Column("option", sa.String(length=128), nullable=False),
        sa.Column("value", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["project.id"], name="fk_domain_config_domain_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", "group", "option", name="pk_domain_config"),
    )
    op.create_table(
        "endpoint",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name="fk_endpoint_region_id"),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_endpoint_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_endpoint"),
    )
    op.create_index("ix_endpoint_region_id", "endpoint", ["region_id"], unique=False)
    op.create_index("ix_endpoint_service_id", "endpoint", ["service_id"], unique=False)
    op.create_table(
        "group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["project.id"], name="fk_group_domain_id"),
        sa.PrimaryKeyConstraint("id", name="pk_group"),
        sa.UniqueConstraint("domain_id", "name", name="uq_group_domain_id_name"),
    )
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("authorization_ttl", sa.Integer(), nullable=True),
        sa.Column("remote_ids", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["project.id"], name="fk_identity_provider_domain_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_identity_provider"),
    )
    op.create_index(
        "ix_identity_provider_domain_id", "identity_provider", ["domain_id"], unique=False
    )
    op.create_table(
        "implied_role",
        sa.Column("prior_id", sa.String(length=64), nullable=False),
        sa.Column("implied_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["implied_id"], ["role.id"], name="fk_implied_role_implied_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prior_id"], ["role.id"], name="fk_implied_role_prior_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("prior_id", "implied_id", name="pk_implied_role"),
    )
    op.create_index("ix_implied_role_implied_id", "implied_role", ["implied_id"], unique=False)
