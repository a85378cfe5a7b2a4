"""Tables of compute; the mapped classes are the entities. Loads are explicit: no relationship
loads by itself."""

from compute.store.models.base import Base, now
from compute.store.models.flavors import Flavor, FlavorAccess, Keypair
from compute.store.models.hosts import Aggregate, AggregateHost, ComputeNode, Service
from compute.store.models.placement import (
    Allocation,
    Consumer,
    Inventory,
    Provider,
    ProviderAggregate,
    ProviderTrait,
    ResourceClass,
    Trait,
)
from compute.store.models.quotas import ConsoleToken, ProjectLock, Quota, ServerGroup
from compute.store.models.servers import BlockDevice, Server, ServerTag
from compute.store.models.work import Action, ActionEvent, Job, Migration

__all__ = [
    "Action",
    "ActionEvent",
    "Aggregate",
    "AggregateHost",
    "Allocation",
    "Base",
    "BlockDevice",
    "ComputeNode",
    "ConsoleToken",
    "Consumer",
    "Flavor",
    "FlavorAccess",
    "Inventory",
    "Job",
    "Keypair",
    "Migration",
    "ProjectLock",
    "Provider",
    "ProviderAggregate",
    "ProviderTrait",
    "Quota",
    "ResourceClass",
    "Server",
    "ServerGroup",
    "ServerTag",
    "Service",
    "Trait",
    "now",
]
