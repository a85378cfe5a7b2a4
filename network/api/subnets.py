"/v2.0/subnets, /v2.0/subnetpools, /v2.0/address-scopes"

from network.api.crud import Verbs, crud
from network.core import subnetpools, subnets
from network.schemas.nouns import ADDRESS_SCOPE, SUBNET, SUBNETPOOL
from network.views import networks as views

api = crud(SUBNET, Verbs(subnets.create, subnets.update, subnets.delete), views.subnet)
pool_api = crud(
    SUBNETPOOL, Verbs(subnetpools.create, subnetpools.update, subnetpools.delete), views.subnetpool
)
scope_api = crud(
    ADDRESS_SCOPE,
    Verbs(subnetpools.create_scope, subnetpools.update_scope, subnetpools.delete_scope),
    views.address_scope,
)
