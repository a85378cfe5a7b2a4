"""A stand-in of a cloud's HTTP APIs, at the edge of the dashboard's process: identity, compute,
image, network, object store.

It answers in the shapes of the API references, keeps what it is given, checks tokens and roles,
and can be told to be down, slow, or
to refuse. `FakeCloud().start()` listens on a free port of 127.0.0.1.
"""

from tests.fakes.cloud_api.server import FakeCloud

__all__ = ["FakeCloud"]
