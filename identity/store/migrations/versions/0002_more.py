"The other tables of the first release: those that refer to the first ones."

import sqlalchemy as sa
from alembic import op

from common.db import Json, UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "policy_association",
        sa.Column("endpoint_id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name="fk_policy_association_policy_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "endpoint_id", "service_id", "region_id", name="pk_policy_association"
        ),
    )
    op.create_index(
        "ix_policy_association_policy_id", "policy_association", ["policy_id"], unique=False
    )
    op.create_table(
        "project_endpoint_group",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_group_id"],
            ["endpoint_group.id"],
            name="fk_project_endpoint_group_endpoint_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name="fk_project_endpoint_group_project_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "endpoint_group_id", name="pk_project_endpoint_group"
        ),
    )
    op.create_index(
        "ix_project_endpoint_group_endpoint_group_id",
        "project_endpoint_group",
        ["endpoint_group_id"],
        unique=False,
    )
    op.create_table(
        "project_tag",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_project_tag_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_project_tag"),
    )
    op.create_index("ix_project_tag_name", "project_tag", ["name"], unique=False)
    op.create_table(
        "registered_limit",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=False),
        sa.Column("resource_name", sa.String(length=255), nullable=False),
        sa.Column("default_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["service.id"],
            name="fk_registered_limit_service_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registered_limit"),
        sa.UniqueConstraint(
            "service_id",
            "region_id",
            "resource_name",
            name="uq_registered_limit_service_id_region_id_resource_name",
        ),
    )
    op.create_table(
        "trust_role",
        sa.Column("trust_id", sa.String(length=64), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["role.id"], name="fk_trust_role_role_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["trust_id"], ["trust.id"], name="fk_trust_role_trust_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trust_id", "role_id", name="pk_trust_role"),
    )
    op.create_index("ix_trust_role_role_id", "trust_role", ["role_id"], unique=False)
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=True),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("default_project_id", sa.String(length=64), nullable=True),
        sa.Column("options", Json(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_active_at", UTCDateTime(), nullable=True),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["project.id"], name="fk_user_domain_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("domain_id", "login", name="uq_user_domain_id_login"),
    )
    op.create_index("ix_user_default_project_id", "user", ["default_project_id"], unique=False)
    op.create_index("ix_user_domain_id", "user", ["domain_id"], unique=False)
    op.create_index("ix_user_name", "user", ["name"], unique=False)
    op.create_table(
        "access_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_access_rule_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_rule"),
        sa.UniqueConstraint(
            "user_id",
            "service",
            "method",
            "path_hash",
            name="uq_access_rule_user_id_service_method_path_hash",
        ),
    )
    op.create_table(
        "application_credential",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("unrestricted", sa.Boolean(), nullable=False),
        sa.Column("has_rules", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_application_credential_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_application_credential"),
        sa.UniqueConstraint("user_id", "name", name="uq_application_credential_user_id_name"),
    )
    op.create_index(
        "ix_application_credential_project_id",
        "application_credential",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "federated_user",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("protocol_id", sa.String(length=64), nullable=False),
        sa.Column("unique_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["idp_id"],
            ["identity_provider.id"],
            name="fk_federated_user_idp_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_federated_user_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_federated_user"),
        sa.UniqueConstraint(
            "idp_id",
            "protocol_id",
            "unique_id",
            name="uq_federated_user_idp_id_protocol_id_unique_id",
        ),
    )
    op.create_index("ix_federated_user_user_id", "federated_user", ["user_id"], unique=False)
    op.create_table(
        "federation_protocol",
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("mapping_id", sa.String(length=64), nullable=False),
        sa.Column("remote_id_attribute", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["idp_id"],
            ["identity_provider.id"],
            name="fk_federation_protocol_idp_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("idp_id", "id", name="pk_federation_protocol"),
    )
    op.create_index(
        "ix_federation_protocol_mapping_id", "federation_protocol", ["mapping_id"], unique=False
    )
    op.create_table(
        "limit",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("registered_limit_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("resource_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registered_limit_id"], ["registered_limit.id"], name="fk_limit_registered_limit_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_limit"),
        sa.UniqueConstraint(
            "registered_limit_id",
            "project_id",
            "domain_id",
            name="uq_limit_registered_limit_id_project_id_domain_id",
        ),
    )
    op.create_index("ix_limit_domain_id", "limit", ["domain_id"], unique=False)
    op.create_index("ix_limit_project_id", "limit", ["project_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["group.id"], name="fk_membership_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_membership_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "group_id", "idp_id", name="pk_membership"),
    )
    op.create_index("ix_membership_group_id", "membership", ["group_id"], unique=False)
    op.create_table(
        "password",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_password_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_password"),
    )
    op.create_index("ix_password_user_id", "password", ["user_id"], unique=False)
    op.create_table(
        "project_endpoint",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["endpoint.id"],
            name="fk_project_endpoint_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name="fk_project_endpoint_project_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "endpoint_id", name="pk_project_endpoint"),
    )
    op.create_index(
        "ix_project_endpoint_endpoint_id", "project_endpoint", ["endpoint_id"], unique=False
    )
    op.create_table(
        "application_credential_role",
        sa.Column("application_credential_id", sa.String(length=64), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_credential_id"],
            ["application_credential.id"],
            name="fk_application_credential_role_application_credential_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["role.id"],
            name="fk_application_credential_role_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "application_credential_id", "role_id", name="pk_application_credential_role"
        ),
    )
    op.create_index(
        "ix_application_credential_role_role_id",
        "application_credential_role",
        ["role_id"],
        unique=False,
    )
    op.create_table(
        "application_credential_rule",
        sa.Column("application_credential_id", sa.String(length=64), nullable=False),
        sa.Column("access_rule_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_rule_id"],
            ["access_rule.id"],
            name="fk_application_credential_rule_access_rule_id",
        ),
        sa.ForeignKeyConstraint(
            ["application_credential_id"],
            ["application_credential.id"],
            name="fk_application_credential_rule_application_credential_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "application_credential_id", "access_rule_id", name="pk_application_credential_rule"
        ),
    )
    op.create_index(
        "ix_application_credential_rule_access_rule_id",
        "application_credential_rule",
        ["access_rule_id"],
        unique=False,
    )
