"Links: absolute, at the address that the client used or the operator named."

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from common.http import serving

View = Callable[[Any], dict[str, Any]]


def root() -> str:
    "The address of this API, without /v3 and without a slash at the end."
    here = serving()
    known: str | None = here.memo.get("root")  # the same for each of a thousand rows
    if known is None:
        url = here.config.api.public_url or here.request.url_root
        known = here.memo["root"] = str(url).rstrip("/").removesuffix("/v3")
    return known


def own(path: str) -> dict[str, str]:
    "The links of one resource at /v3/`path`."
    return {"self": f"{root()}/v3/{path}"}


def collection(
    name: str, rows: Iterable[Any], view: View, *, more: bool = False, **other: Any
) -> dict[str, Any]:
    "A list answer of `rows`, each as `view` shows it; see `page`."
    return page(name, [view(row) for row in rows], more=more, **other)


def page(name: str, items: Any, *, more: bool = False, **other: Any) -> dict[str, Any]:
    """A list answer: items (a list, or their JSON if there are no more), links to itself and to the
    next page. `truncated` says that the service's own limit cut it (API reference, "Limit")."""
    request = serving().request
    url = f"{root()}{request.path}"
    query = [(k, v) for k, v in request.args.items(multi=True) if k != "marker"]
    here = f"{url}?{request.query_string.decode()}" if request.query_string else url
    after = f"{url}?{urlencode([*query, ('marker', items[-1]['id'])])}" if more and items else None
    body: dict[str, Any] = {
        name: items,
        "links": {"next": after, "self": here, "previous": None},
        **other,
    }
    if more and "limit" not in request.args:
        body["truncated"] = True
    return body
