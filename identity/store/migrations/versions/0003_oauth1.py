"OAuth 1.0a."

import sqlalchemy as sa
from alembic import op

from common.db import Json, UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "oauth_consumer",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_consumer"),
    )
    op.create_table(
        "oauth_token",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("role_ids", Json(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["oauth_consumer.id"],
            name="fk_oauth_token_consumer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_token"),
    )
    for column in ("consumer_id", "project_id", "user_id"):
        op.create_index(f"ix_oauth_token_{column}", "oauth_token", [column], unique=False)
    op.create_table(
        "oauth_nonce",
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("timestamp", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("consumer_id", "nonce", "timestamp", name="pk_oauth_nonce"),
    )
    op.create_index("ix_oauth_nonce_timestamp", "oauth_nonce", ["timestamp"], unique=False)
