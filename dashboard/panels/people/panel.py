"The panel."

from dashboard.errors import NoSuchPage
from dashboard.panel import Panel

panel = Panel(
    "people",
    "Projects and users",
    icon="users-group",
    group="Admin",
    order=40,
    role="admin",
    home="/admin/projects",
)


def checked(text: str) -> str:
    "An id as identity makes them; anything else would be another path of its API."
    if not text.replace("-", "").isalnum():
        raise NoSuchPage()
    return text
