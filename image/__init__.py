"""Image: the images that servers boot from, as OpenStack's Image API v2.17 (Glance).

Port 9292. Tables: images, properties, tags, members, blobs (where the bytes are, and the journal of
what is being written or removed), tasks, workers, cached images and metadata definitions.

Run: `python -m image db upgrade`, then `python -m image api`.
"""
