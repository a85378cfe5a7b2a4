"""The embedded engine: N copies of each blob on different local devices.

Blobs up to a threshold are appended to segment logs, with one fdatasync for a group of writers;
larger ones are files.
"""

from objectstore.engine.disks.engine import Disks

__all__ = ["Disks"]
