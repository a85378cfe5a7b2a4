"What OVN has yet to be told."

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from network.store.models.base import Base


class Pending(Base):
    """A scope whose northbound rows may no longer be right, written in the transaction that
    changed it. The sync loop
    removes it when the northbound database agrees; until then nothing is lost, whoever dies."""

    __tablename__ = "pending"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(80))
