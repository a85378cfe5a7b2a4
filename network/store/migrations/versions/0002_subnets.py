"""The tables of subnets, addresses, trunks, floating IPs and port forwardings."""

import sqlalchemy as sa
from alembic import op

from common import db

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _subnets()
    _trunks()
    _auto_allocated_topologies()
    _floatingips()
    _ip_allocations()
    _subports()
    _port_forwardings()


def _subnets() -> None:
    op.create_table(
        "subnets",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("cidr", sa.String(length=64), nullable=False),
        sa.Column("gateway_ip", sa.String(length=64), nullable=True),
        sa.Column("enable_dhcp", sa.Boolean(), nullable=False),
        sa.Column("ipv6_ra_mode", sa.String(length=32), nullable=True),
        sa.Column("ipv6_address_mode", sa.String(length=32), nullable=True),
        sa.Column("dns_nameservers", db.Json(), nullable=False),
        sa.Column("host_routes", db.Json(), nullable=False),
        sa.Column("allocation_pools", db.Json(), nullable=False),
        sa.Column("service_types", db.Json(), nullable=False),
        sa.Column("subnetpool_id", sa.String(length=36), nullable=True),
        sa.Column("segment_id", sa.String(length=36), nullable=True),
        sa.Column("dns_publish_fixed_ip", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tags", db.Json(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_subnets_network_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_subnets_segment_id")
        ),
        sa.ForeignKeyConstraint(
            ["subnetpool_id"], ["subnetpools.id"], name=op.f("fk_subnets_subnetpool_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subnets")),
    )
    op.create_index(op.f("ix_subnets_cidr"), "subnets", ["cidr"], unique=False)
    op.create_index(op.f("ix_subnets_name"), "subnets", ["name"], unique=False)
    op.create_index(op.f("ix_subnets_network_id"), "subnets", ["network_id"], unique=False)
    op.create_index(op.f("ix_subnets_project_id"), "subnets", ["project_id"], unique=False)
    op.create_index(op.f("ix_subnets_subnetpool_id"), "subnets", ["subnetpool_id"], unique=False)


def _trunks() -> None:
    op.create_table(
        "trunks",
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tags", db.Json(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_trunks_port_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunks")),
        sa.UniqueConstraint("port_id", name=op.f("uq_trunks_port_id")),
    )
    op.create_index(op.f("ix_trunks_name"), "trunks", ["name"], unique=False)
    op.create_index(op.f("ix_trunks_project_id"), "trunks", ["project_id"], unique=False)


def _auto_allocated_topologies() -> None:
    op.create_table(
        "auto_allocated_topologies",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("router_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["networks.id"],
            name=op.f("fk_auto_allocated_topologies_network_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["router_id"],
            ["routers.id"],
            name=op.f("fk_auto_allocated_topologies_router_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_auto_allocated_topologies")),
    )


def _floatingips() -> None:
    op.create_table(
        "floatingips",
        sa.Column("floating_network_id", sa.String(length=36), nullable=False),
        sa.Column("floating_ip_address", sa.String(length=64), nullable=False),
        sa.Column("floating_port_id", sa.String(length=36), nullable=False),
        sa.Column("port_id", sa.String(length=36), nullable=True),
        sa.Column("fixed_ip_address", sa.String(length=64), nullable=True),
        sa.Column("router_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("dns_name", sa.String(length=255), nullable=False),
        sa.Column("dns_domain", sa.String(length=255), nullable=False),
        sa.Column("qos_policy_id", sa.String(length=36), nullable=True),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("updated_at", db.UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tags", db.Json(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["floating_network_id"],
            ["networks.id"],
            name=op.f("fk_floatingips_floating_network_id"),
        ),
        sa.ForeignKeyConstraint(
            ["floating_port_id"], ["ports.id"], name=op.f("fk_floatingips_floating_port_id")
        ),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_floatingips_port_id")),
        sa.ForeignKeyConstraint(
            ["qos_policy_id"], ["qos_policies.id"], name=op.f("fk_floatingips_qos_policy_id")
        ),
        sa.ForeignKeyConstraint(
            ["router_id"], ["routers.id"], name=op.f("fk_floatingips_router_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floatingips")),
    )
    op.create_index(
        op.f("ix_floatingips_floating_ip_address"),
        "floatingips",
        ["floating_ip_address"],
        unique=False,
    )
    op.create_index(
        op.f("ix_floatingips_floating_network_id"),
        "floatingips",
        ["floating_network_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_floatingips_floating_port_id"), "floatingips", ["floating_port_id"], unique=False
    )
    op.create_index(op.f("ix_floatingips_port_id"), "floatingips", ["port_id"], unique=False)
    op.create_index(op.f("ix_floatingips_project_id"), "floatingips", ["project_id"], unique=False)
    op.create_index(op.f("ix_floatingips_router_id"), "floatingips", ["router_id"], unique=False)


def _ip_allocations() -> None:
    op.create_table(
        "ip_allocations",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("ip_address", sa.String(length=64), nullable=False),
        sa.Column("subnet_id", sa.String(length=36), nullable=False),
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["ports.id"], name=op.f("fk_ip_allocations_port_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subnet_id"], ["subnets.id"], name=op.f("fk_ip_allocations_subnet_id")
        ),
        sa.PrimaryKeyConstraint("network_id", "ip_address", name=op.f("pk_ip_allocations")),
    )
    op.create_index(op.f("ix_ip_allocations_port_id"), "ip_allocations", ["port_id"], unique=False)
    op.create_index(
        op.f("ix_ip_allocations_subnet_id"), "ip_allocations", ["subnet_id"], unique=False
    )


def _subports() -> None:
    op.create_table(
        "subports",
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("trunk_id", sa.String(length=36), nullable=False),
        sa.Column("segmentation_type", sa.String(length=16), nullable=False),
        sa.Column("segmentation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_subports_port_id")),
        sa.ForeignKeyConstraint(
            ["trunk_id"], ["trunks.id"], name=op.f("fk_subports_trunk_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("port_id", name=op.f("pk_subports")),
        sa.UniqueConstraint(
            "trunk_id",
            "segmentation_type",
            "segmentation_id",
            name=op.f("uq_subports_trunk_id_segmentation_type_segmentation_id"),
        ),
    )
    op.create_index(op.f("ix_subports_trunk_id"), "subports", ["trunk_id"], unique=False)


def _port_forwardings() -> None:
    op.create_table(
        "port_forwardings",
        sa.Column("floatingip_id", sa.String(length=36), nullable=False),
        sa.Column("internal_port_id", sa.String(length=36), nullable=False),
        sa.Column("internal_ip_address", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=16), nullable=False),
        sa.Column("external_port", sa.Integer(), nullable=False),
        sa.Column("external_port_end", sa.Integer(), nullable=False),
        sa.Column("internal_port", sa.Integer(), nullable=False),
        sa.Column("internal_port_end", sa.Integer(), nullable=False),
        sa.Column("router_id", sa.String(length=36), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["floatingip_id"],
            ["floatingips.id"],
            name=op.f("fk_port_forwardings_floatingip_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["internal_port_id"], ["ports.id"], name=op.f("fk_port_forwardings_internal_port_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_forwardings")),
        sa.UniqueConstraint(
            "floatingip_id",
            "protocol",
            "external_port",
            name=op.f("uq_port_forwardings_floatingip_id_protocol_external_port"),
        ),
    )
    op.create_index(
        op.f("ix_port_forwardings_floatingip_id"),
        "port_forwardings",
        ["floatingip_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_port_forwardings_internal_port_id"),
        "port_forwardings",
        ["internal_port_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_port_forwardings_project_id"), "port_forwardings", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_port_forwardings_router_id"), "port_forwardings", ["router_id"], unique=False
    )
