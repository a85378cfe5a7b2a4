"""Images rendered once for each revision: lists join finished texts."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from image.store.models import Image


class Rendered:
    """Texts of images by id and revision, the least recently used forgotten. A text can never be
    stale: whatever changes an image changes its revision in the same transaction."""

    def __init__(self, most: int = 4096) -> None:
        self._texts: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def many(
        self,
        wanted: Sequence[tuple[str, int]],
        load: Callable[[list[str]], Mapping[str, Image]],
        render: Callable[[Image], dict[str, Any]],
    ) -> list[str]:
        "The texts of (id, revision) pairs in order; `load` gets the ids that are not remembered."
        texts = self._texts
        # no lock for looking: entries are only added or dropped, and a miss merely costs a query
        found = {key: text for key in wanted if (text := texts.get(key)) is not None}
        missing = [key[0] for key in wanted if key not in found]
        loaded = load(missing) if missing else {}
        fresh = {}
        for key in wanted:
            if key not in found and key[0] in loaded:  # else it was deleted in between
                image = loaded[key[0]]
                fresh[key] = text = json.dumps(render(image))
                if image.revision == key[1]:
                    self._remember(key, text)
        return [text for key in wanted if (text := found.get(key) or fresh.get(key)) is not None]

    def _remember(self, key: tuple[str, int], text: str) -> None:
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
