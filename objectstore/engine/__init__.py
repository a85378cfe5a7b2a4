"""Where the bytes lie: immutable blobs behind one narrow interface, `disks` (local devices) or
`rados` (Ceph).

A locator is the engine's own text about one blob; the store keeps it beside the blob's row. The
engine holds no index: what no
committed row names does not exist for readers and is reclaimed.
"""

from objectstore.engine.interface import BlobUnreadable, Engine, NoRoom, Stored

__all__ = ["BlobUnreadable", "Engine", "NoRoom", "Stored"]
