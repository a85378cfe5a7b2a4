"Flavors with their access lists, and keypairs."

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Json, UTCDateTime
from compute.store.models.base import Base, now


class Flavor(Base):
    "A size of server. `flavorid` is what clients call its id."

    __tablename__ = "flavors"

    id: Mapped[int] = mapped_column(primary_key=True)
    flavorid: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    vcpus: Mapped[int]
    memory_mib: Mapped[int]
    root_gib: Mapped[int] = mapped_column(default=0)
    ephemeral_gib: Mapped[int] = mapped_column(default=0)
    swap_mib: Mapped[int] = mapped_column(default=0)
    rxtx_factor: Mapped[float] = mapped_column(default=1.0)
    is_public: Mapped[bool] = mapped_column(default=True)
    disabled: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(Text)
    extra_specs: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def snapshot(self) -> dict[str, Any]:
        "What a server keeps of its flavor, whatever happens to the flavor later."
        return {
            "id": self.flavorid,
            "name": self.name,
            "vcpus": self.vcpus,
            "memory_mib": self.memory_mib,
            "root_gib": self.root_gib,
            "ephemeral_gib": self.ephemeral_gib,
            "swap_mib": self.swap_mib,
            "extra_specs": dict(self.extra_specs or {}),
        }


class FlavorAccess(Base):
    "A project that may use a flavor that is not public."

    __tablename__ = "flavor_access"

    flavor_id: Mapped[int] = mapped_column(
        ForeignKey("flavors.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)


class Keypair(Base):
    "A public key of a user; private halves are handed out once and never stored."

    __tablename__ = "keypairs"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16), default="ssh")
    fingerprint: Mapped[str] = mapped_column(String(255))
    public_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
