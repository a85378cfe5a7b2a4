"/v2.0/ports"

from network.api.crud import Verbs, crud
from network.core import ports
from network.schemas.nouns import PORT
from network.views.ports import port

api = crud(PORT, Verbs(ports.create, ports.update, ports.delete, ports.create_many), port)
