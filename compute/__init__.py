"""Compute: Nova API v2.1 (2.1 to 2.104) and Placement API over one accounting.

Ports: 8774 API (placement at /placement), 8775 metadata, 6080 consoles. Tables: store/models.
Run: `python -m compute {api | conductor | agent | metadata | console | db upgrade}`.
"""
