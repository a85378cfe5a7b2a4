"""The standard catalogue of metadata definitions: what the properties that compute, image and
volume services read mean. Names and values are those that these services and their users' tools
know; the words are ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from image.core.catalogue import compute, general

NAMESPACES: Sequence[dict[str, Any]] = (*general.NAMESPACES, *compute.NAMESPACES)
"""As POST /v2/metadefs/namespaces takes them."""
