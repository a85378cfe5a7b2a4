"/v2.0/networks and /v2.0/segments"

from network.api.crud import Verbs, crud
from network.core import networks, segments
from network.schemas.nouns import NETWORK, SEGMENT
from network.views import networks as views

api = crud(NETWORK, Verbs(networks.create, networks.update, networks.delete), views.network)
segment_api = crud(SEGMENT, Verbs(segments.create, segments.update, segments.delete), views.segment)
