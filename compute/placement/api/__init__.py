"The routes of placement."

from compute.placement.api import root

ROUTES = (root.api,)
