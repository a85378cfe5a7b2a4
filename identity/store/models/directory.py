"Users and groups who are kept in a directory (LDAP)."

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from identity.store.models.base import Base, short


class DirectoryEntry(Base):
    """What the directory of a domain calls a user or group that has a row here. The id is the one
    that Keystone gives it: SHA-256 of domain, kind and name in the directory."""

    __tablename__ = "directory_entry"
    __table_args__ = (UniqueConstraint("domain_id", "kind", "local_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    domain_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = short(8)
    """user or group"""
    local_id: Mapped[str] = short(255)
