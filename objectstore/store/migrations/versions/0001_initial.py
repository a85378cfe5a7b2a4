"""The first tables: accounts, containers, objects, versions, blobs, the keeper's memory."""

import sqlalchemy as sa
from alembic import op

from common.db import Json
from objectstore.store.models import BigId, Name

revision = "0001"
down_revision = None


def _object_columns(table: str) -> list[sa.Column]:
    return [
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("meta", Json(), nullable=False),
        sa.Column("sysmeta", Json(), nullable=False),
        sa.Column("delete_at", sa.BigInteger()),
        sa.Column("blob_id", sa.String(32), sa.ForeignKey("blobs.id", name=f"fk_{table}_blob_id")),
        sa.Column(
            "container_id",
            BigId,
            sa.ForeignKey("containers.id", name=f"fk_{table}_container_id"),
            primary_key=True,
        ),
        sa.Column("name", Name(1024), primary_key=True),
    ]


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", Name(256), primary_key=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("meta", Json(), nullable=False),
        sa.Column("sysmeta", Json(), nullable=False),
    )
    op.create_table(
        "containers",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("account", Name(256), nullable=False),
        sa.Column("name", Name(256), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("version_objects", sa.BigInteger(), nullable=False),
        sa.Column("version_bytes", sa.BigInteger(), nullable=False),
        sa.Column("meta", Json(), nullable=False),
        sa.Column("sysmeta", Json(), nullable=False),
    )
    op.create_index("ix_containers_account_name", "containers", ["account", "name"], unique=True)
    op.create_table(
        "blobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("refs", sa.Integer(), nullable=False),
        sa.Column("dead_at", sa.BigInteger()),
    )
    op.create_index("ix_blobs_dead_at", "blobs", ["dead_at"])
    op.create_table(
        "objects",
        *_object_columns("objects"),
        sa.Column("version_id", sa.String(64), nullable=False),
    )
    op.create_index("ix_objects_delete_at", "objects", ["delete_at"])
    op.create_table(
        "versions",
        *_object_columns("versions"),
        sa.Column("version_id", sa.String(64), primary_key=True),
        sa.Column("latest", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "damages",
        sa.Column("blob_id", sa.String(32), primary_key=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "changes",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("container_id", BigId, nullable=False),
        sa.Column("name", Name(1024), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_changes_container_id", "changes", ["container_id"])
