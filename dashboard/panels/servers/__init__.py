"Servers: the list, the one-page launch, one server with its tabs, consoles and actions."

from dashboard.panels.servers import actions, console, index, launch, show
from dashboard.panels.servers.panel import panel

__all__ = ["actions", "console", "index", "launch", "panel", "show"]
