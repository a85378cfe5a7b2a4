"""Object storage: the Swift v1 API on replicated local disks or Ceph.

Port 8080. Tables: accounts, containers, objects, versions, blobs, damages, cursors, changes.
Run: python -m objectstore {db upgrade | api | keeper}
"""
