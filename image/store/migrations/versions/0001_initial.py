"""The tables of images, their data, tasks and metadata definitions."""

import sqlalchemy as sa
from alembic import op

from common import db

revision = "0001"
down_revision = None


def upgrade() -> None:
    _cached_images()
    _images()
    _metadef_namespaces()
    _metadef_resource_types()
    _quota_locks()
    _tasks()
    _workers()
    _blobs()
    _image_members()
    _image_properties()
    _image_tags()
    _metadef_associations()
    _metadef_definitions()


def _cached_images() -> None:
    op.create_table(
        "cached_images",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("accessed_at", db.UTCDateTime(), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "host", name="pk_cached_images"),
    )


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=True),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("visibility", sa.String(20), nullable=False),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.Column("disk_format", sa.String(20), nullable=True),
        sa.Column("container_format", sa.String(20), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("virtual_size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(32), nullable=True),
        sa.Column("os_hash_algo", sa.String(64), nullable=True),
        sa.Column("os_hash_value", sa.String(128), nullable=True),
        sa.Column("min_disk", sa.Integer(), nullable=False),
        sa.Column("min_ram", sa.Integer(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("os_hidden", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
    )
    op.create_index("ix_images_listing", "images", ["os_hidden", "created_at", "id"])
    op.create_index("ix_images_name", "images", ["name"])
    op.create_index("ix_images_owner_listing", "images", ["owner", "created_at", "id"])
    op.create_index("ix_images_status", "images", ["status"])
    op.create_index("ix_images_visibility_listing", "images", ["visibility", "created_at", "id"])


def _metadef_namespaces() -> None:
    op.create_table(
        "metadef_namespaces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(80), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("visibility", sa.String(10), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metadef_namespaces"),
        sa.UniqueConstraint("namespace", name="uq_metadef_namespaces_namespace"),
    )


def _metadef_resource_types() -> None:
    op.create_table(
        "metadef_resource_types",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_metadef_resource_types"),
    )


def _quota_locks() -> None:
    op.create_table(
        "quota_locks",
        sa.Column("owner", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_quota_locks"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(30), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.Column("user_id", sa.String(255), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("image_id", sa.String(36), nullable=True),
        sa.Column("input", db.Json(), nullable=True),
        sa.Column("result", db.Json(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.String(36), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("expires_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_image_id", "tasks", ["image_id"])
    op.create_index("ix_tasks_listing", "tasks", ["created_at", "id"])
    op.create_index("ix_tasks_status", "tasks", ["status"])


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("heartbeat_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("store", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.Column("worker_id", sa.String(36), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_blobs_image_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_blobs"),
    )
    op.create_index("ix_blobs_image_id", "blobs", ["image_id"])
    op.create_index("ix_blobs_owner", "blobs", ["owner"])
    op.create_index("ix_blobs_state", "blobs", ["state"])


def _image_members() -> None:
    op.create_table(
        "image_members",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("member", sa.String(255), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_image_members_image_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "member", name="pk_image_members"),
    )
    op.create_index("ix_image_members_member", "image_members", ["member", "status"])


def _image_properties() -> None:
    op.create_table(
        "image_properties",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_image_properties_image_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "name", name="pk_image_properties"),
    )
    op.create_index("ix_image_properties_name", "image_properties", ["name"])


def _image_tags() -> None:
    op.create_table(
        "image_tags",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_image_tags_image_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "value", name="pk_image_tags"),
    )
    op.create_index("ix_image_tags_value", "image_tags", ["value"])


def _metadef_associations() -> None:
    op.create_table(
        "metadef_associations",
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("resource_type", sa.String(80), nullable=False),
        sa.Column("prefix", sa.String(80), nullable=True),
        sa.Column("properties_target", sa.String(80), nullable=True),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["metadef_namespaces.id"],
            name="fk_metadef_associations_namespace_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resource_type"],
            ["metadef_resource_types.name"],
            name="fk_metadef_associations_resource_type",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("namespace_id", "resource_type", name="pk_metadef_associations"),
    )


def _metadef_definitions() -> None:
    op.create_table(
        "metadef_definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("body", db.Json(), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["metadef_namespaces.id"],
            name="fk_metadef_definitions_namespace_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_metadef_definitions"),
        sa.UniqueConstraint(
            "namespace_id", "kind", "name", name="uq_metadef_definitions_namespace_id_kind_name"
        ),
    )
