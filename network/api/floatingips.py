"/v2.0/floatingips"

from network.api.crud import Verbs, crud
from network.core import floatingips
from network.schemas.nouns import FLOATINGIP
from network.views import routers as views

api = crud(
    FLOATINGIP, Verbs(floatingips.create, floatingips.update, floatingips.delete), views.floatingip
)
