"""The tables. Ids are 32 hex digits unless a client chose them (regions, providers); names are
at most 255 characters.

`extra` holds attributes that the API lets clients add to a resource; `options` the resource
options (API reference, "Resource Options"). A value that has no owner (the domain of a domain, of
a global role) is the empty string: NULLs would escape unique constraints.
"""

from identity.store.models.access import (
    AccessRule,
    ApplicationCredential,
    ApplicationCredentialRole,
    ApplicationCredentialRule,
    Credential,
    Trust,
    TrustRole,
)
from identity.store.models.assignments import Assignment, ImpliedRole, Role
from identity.store.models.base import Base
from identity.store.models.catalog import (
    Endpoint,
    EndpointGroup,
    Policy,
    PolicyAssociation,
    ProjectEndpoint,
    ProjectEndpointGroup,
    Region,
    Service,
)
from identity.store.models.directory import DirectoryEntry
from identity.store.models.federation import (
    FederatedUser,
    IdentityProvider,
    Mapping,
    Protocol,
    ServiceProvider,
)
from identity.store.models.limits import DomainConfig, Limit, RegisteredLimit
from identity.store.models.oauth1 import Consumer, OAuthNonce, OAuthToken
from identity.store.models.people import Group, Membership, Password, User
from identity.store.models.projects import Project, ProjectTag
from identity.store.models.revocations import Epoch, Revocation

__all__ = [
    "AccessRule",
    "ApplicationCredential",
    "ApplicationCredentialRole",
    "ApplicationCredentialRule",
    "Assignment",
    "Base",
    "Consumer",
    "Credential",
    "DirectoryEntry",
    "DomainConfig",
    "Endpoint",
    "EndpointGroup",
    "Epoch",
    "FederatedUser",
    "Group",
    "IdentityProvider",
    "ImpliedRole",
    "Limit",
    "OAuthNonce",
    "OAuthToken",
    "Mapping",
    "Membership",
    "Password",
    "Policy",
    "PolicyAssociation",
    "Project",
    "ProjectEndpoint",
    "ProjectEndpointGroup",
    "ProjectTag",
    "Protocol",
    "Region",
    "RegisteredLimit",
    "Revocation",
    "Role",
    "Service",
    "ServiceProvider",
    "Trust",
    "TrustRole",
    "User",
]
