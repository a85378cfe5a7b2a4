"Users and groups who are kept in a directory."

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "directory_entry",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("local_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["project.id"], name="fk_directory_entry_domain_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directory_entry"),
        sa.UniqueConstraint(
            "domain_id", "kind", "local_id", name="uq_directory_entry_domain_id_kind_local_id"
        ),
    )
    op.create_index("ix_directory_entry_domain_id", "directory_entry", ["domain_id"], unique=False)
