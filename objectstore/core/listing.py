"""What listings are asked for and made of, for the layers above the store."""

from objectstore.store.listing import Query, Subdir

__all__ = ["Query", "Subdir"]
