"""What tests of all services share: tokens of a test key, clients, apps wired together in one
process."""

from tests.support.databases import database_url
from tests.support.http import Client, wsgi_session
from tests.support.tokens import KEY, SIGNER, authenticator, token

__all__ = [
    "KEY",
    "SIGNER",
    "Client",
    "authenticator",
    "client",
    "database_url",
    "token",
    "wsgi_session",
]


def client(app, **who):
    "A `Client` of `app` with a token for `who` (see `token`)."
    return Client(app, **who)
