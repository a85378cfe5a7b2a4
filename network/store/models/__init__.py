"The tables, as mapped classes: `Base.metadata` has them all."

from network.store.models.base import Base
from network.store.models.networks import (
    AddressScope,
    Allocation,
    Network,
    Port,
    PortGroup,
    Segment,
    Subnet,
    SubnetPool,
)
from network.store.models.policies import (
    AutoTopology,
    MeteringLabel,
    MeteringRule,
    QosPolicy,
    QosRule,
    Quota,
    QuotaLock,
    Rbac,
    Subport,
    Trunk,
)
from network.store.models.routers import FloatingIp, PortForwarding, Router
from network.store.models.security import (
    AddressGroup,
    DefaultGroup,
    DefaultRule,
    SecurityGroup,
    SecurityRule,
)
from network.store.models.sync import Pending

__all__ = [
    "AddressGroup",
    "AddressScope",
    "Allocation",
    "AutoTopology",
    "Base",
    "DefaultGroup",
    "DefaultRule",
    "FloatingIp",
    "MeteringLabel",
    "MeteringRule",
    "Network",
    "Pending",
    "Port",
    "PortForwarding",
    "PortGroup",
    "QosPolicy",
    "QosRule",
    "Quota",
    "QuotaLock",
    "Rbac",
    "Router",
    "SecurityGroup",
    "SecurityRule",
    "Segment",
    "Subnet",
    "SubnetPool",
    "Subport",
    "Trunk",
]
