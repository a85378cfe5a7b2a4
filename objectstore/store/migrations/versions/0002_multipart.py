"""Multipart uploads of the S3 API, and the parts of what they became."""

import sqlalchemy as sa
from alembic import op

from common.db import Json
from objectstore.store.models import BigId, Name

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "container_id",
            BigId,
            sa.ForeignKey("containers.id", name="fk_uploads_container_id"),
            nullable=False,
        ),
        sa.Column("name", Name(1024), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("meta", Json(), nullable=False),
        sa.Column("sysmeta", Json(), nullable=False),
    )
    op.create_index("ix_uploads_container_id", "uploads", ["container_id"])
    op.create_table(
        "parts",
        sa.Column("owner", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("checksum", sa.String(100)),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("blob_id", sa.String(32), sa.ForeignKey("blobs.id", name="fk_parts_blob_id")),
    )
