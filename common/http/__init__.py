"""The HTTP side of every service: routes, the app around them, versions, paging, error dialects.

from common.http import Api, Reply, make_app
"""

from common.http.app import make_app
from common.http.paging import Page, page_links, parse_limit
from common.http.route import Api, Reply, Route
from common.http.serving import Request, serving
from common.http.version import Version, VersionRange

__all__ = [
    "Api",
    "Page",
    "Reply",
    "Request",
    "Route",
    "Version",
    "VersionRange",
    "make_app",
    "page_links",
    "parse_limit",
    "serving",
]
