"Projects, users and roles."

from dashboard.panels.people import projects, users
from dashboard.panels.people.panel import panel

__all__ = ["panel", "projects", "users"]
