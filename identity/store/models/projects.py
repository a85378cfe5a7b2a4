"Projects and domains: a domain is a project that acts as one (`is_domain`), as the API defines it."

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import common.db
from identity.store.models.base import Base, Described, hex_key, short


class Project(Described, Base):
    """A project or domain. `path` is `/DOMAIN/PARENT/.../ID/`: ancestors are read off it, a
    subtree is a prefix of it."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("domain_id", "name"),)

    id: Mapped[str] = hex_key()
    name: Mapped[str] = short(255)
    domain_id: Mapped[str] = short()
    """The empty string for a domain."""
    parent_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("project.id"), index=True)
    is_domain: Mapped[bool] = mapped_column(default=False, index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    path: Mapped[str] = mapped_column(String(700), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(common.db.Json, default=dict)

    @property
    def ancestor_ids(self) -> list[str]:
        "Ids from the domain down to the parent."
        return self.path.strip("/").split("/")[:-1]


class ProjectTag(Base):
    "A tag of a project."

    __tablename__ = "project_tag"

    project_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("project.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
