"""What can go wrong in a page.

Problem            an API refused, failed or is away: one part of a page shows the sentence
SessionEnded       nobody is logged in (any more): to the login page, and back afterwards
NotAllowed         the role for this page or button is missing: 403
NoSuchPage         404
"""


class Problem(Exception):
    """An API did not do what was asked. `message` is one plain sentence for the person at the
    browser."""

    def __init__(self, service: str, status: int, message: str) -> None:
        super().__init__(message)
        self.service, self.status, self.message = service, status, message


class SessionEnded(Exception):
    "Log in (again)."

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(Exception):
    "This needs a role that you do not have in this project."


class NoSuchPage(Exception):
    "There is no such page."
