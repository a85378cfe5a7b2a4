"""Accounts, containers, objects, versions and the rows of blobs, in SQL. The commit of a row is
the moment an object exists."""

from sqlalchemy.orm import Session

__all__ = ["Session"]
