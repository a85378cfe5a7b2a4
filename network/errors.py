"""Errors of the network service. The names are Neutron's, because clients read them in
`NeutronError.type`.

NotFound 404       NetworkNotFound SubnetNotFound PortNotFound RouterNotFound ...
Conflict 409       NetworkInUse SubnetInUse PortInUse RouterInUse IpAddressGenerationFailure
OverQuota ...
BadRequest 400     InvalidInput HTTPBadRequest and what is wrong in itself
PreconditionFailed 412  RevisionNumberConstraintFailed
"""

from typing import Any

from common.errors import (
    BadRequest,
    Conflict,
    Error,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from common.schema import InvalidInput


class HTTPBadRequest(BadRequest):
    "{reason}"


class Invalid(InvalidInput):
    "Invalid input for {field}. Reason: {reason}."

    kind = "HTTPBadRequest"


def missing(noun: str, key: str) -> Error:
    'The 404 of one kind of resource: missing("network", id) is NetworkNotFound.'
    return MISSING[noun](id=key)


def _not_found(name: str, text: str) -> type[NotFound]:
    return type(name, (NotFound,), {"__doc__": text + " {id} could not be found."})


MISSING: dict[str, Any] = {
    "network": _not_found("NetworkNotFound", "Network"),
    "subnet": _not_found("SubnetNotFound", "Subnet"),
    "subnetpool": _not_found("SubnetPoolNotFound", "Subnet pool"),
    "address_scope": _not_found("AddressScopeNotFound", "Address scope"),
    "port": _not_found("PortNotFound", "Port"),
    "router": _not_found("RouterNotFound", "Router"),
    "floatingip": _not_found("FloatingIPNotFound", "Floating IP"),
    "port_forwarding": _not_found("PortForwardingNotFound", "Port Forwarding"),
    "security_group": _not_found("SecurityGroupNotFound", "Security group"),
    "security_group_rule": _not_found("SecurityGroupRuleNotFound", "Security group rule"),
    "default_security_group_rule": _not_found(
        "SecurityGroupDefaultRuleNotFound", "Security Group default rule"
    ),
    "address_group": _not_found("AddressGroupNotFound", "Address group"),
    "rbac_policy": _not_found("RbacPolicyNotFound", "RBAC policy"),
    "policy": _not_found("QosPolicyNotFound", "QoS policy"),
    "qos_rule": _not_found("QosRuleNotFound", "QoS rule"),
    "trunk": _not_found("TrunkNotFound", "Trunk"),
    "segment": _not_found("SegmentNotFound", "Segment"),
    "agent": _not_found("AgentNotFound", "Agent"),
    "metering_label": _not_found("MeteringLabelNotFound", "Metering label"),
    "metering_label_rule": _not_found("MeteringLabelRuleNotFound", "Metering label rule"),
    "flavor": _not_found("FlavorNotFound", "Flavor"),
    "service_profile": _not_found("ServiceProfileNotFound", "Service profile"),
    "rule_type": _not_found("QosRuleTypeNotFound", "QoS rule type"),
    "extension": _not_found("ExtensionNotFound", "Extension"),
    "tag": _not_found("TagResourceTagNotFound", "Tag"),
}


class RevisionNumberConstraintFailed(PreconditionFailed):
    "Constrained to {expected}, but current revision is {current}"


class OverQuota(Conflict):
    "Quota exceeded for resources: ['{resource}']."


class QuotaBelowUse(BadRequest):
    "The project has {used} of {resource} already: its limit cannot be {limit} without force."


class InvalidQuotaValue(Conflict):
    "Change would make usage less than 0 for the following resources: {resource}."


class AgentInUse(Conflict):
    "Agent {id} is alive. Stop ovn-controller on its host before it is deleted."


class NetworkInUse(Conflict):
    "Unable to complete operation on network {id}. {reason}."


class NetworkMTUSubnetConflict(Conflict):
    "The MTU of network {id} would be {mtu}, and its subnets need {least}."


class SubnetInUse(Conflict):
    "Unable to complete operation on subnet {id}: {reason}."


class SubnetPoolInUse(Conflict):
    "Unable to complete operation on subnet pool {id}. {reason}."


class SubnetPoolQuotaExceeded(Conflict):
    "Per-tenant subnet pool prefix quota exceeded."


class SubnetAllocationError(Conflict):
    "Failed to allocate subnet: {reason}."


class IllegalSubnetPoolUpdate(BadRequest):
    "Illegal subnetpool update : {reason}."


class IllegalSubnetPoolPrefixBounds(BadRequest):
    "Illegal prefix bounds: {low_type}={low}, {high_type}={high}."


class AddressScopePrefixConflict(Conflict):
    "The prefixes overlap with those of subnet pool {id} in the same address scope."


class AddressScopeInUse(Conflict):
    """Unable to complete operation on address scope {id}. There are one or more subnet pools in
    use on the address scope."""


class PortInUse(Conflict):
    """Unable to complete operation on port {port_id} for network {net_id}. Port already has an
    attached device {device_id}."""


class L3PortInUse(Conflict):
    "Port {port_id} cannot be deleted directly via the port API: {reason}."

    kind = "ServicePortInUse"


class MacAddressInUse(Conflict):
    "Unable to complete operation for network {net_id}. The mac address {mac} is in use."


class IpAddressAlreadyAllocated(Conflict):
    "IP address {ip} already allocated in subnet {subnet_id}."


class IpAddressGenerationFailure(Conflict):
    "No more IP addresses available on network {net_id}."


class InvalidIpForSubnet(BadRequest):
    "IP address {ip_address} is not a valid IP for the specified subnet."


class InvalidIpForNetwork(BadRequest):
    "IP address {ip_address} is not a valid IP for any of the subnets on the specified network."


class GatewayConflictWithAllocationPools(Conflict):
    "Gateway ip {ip_address} conflicts with allocation pool {pool}."


class OverlappingAllocationPools(Conflict):
    "Found overlapping allocation pools: {pools} for subnet {cidr}."


class OutOfBoundsAllocationPool(BadRequest):
    "The allocation pool {pool} spans beyond the subnet cidr {cidr}."


class InvalidAllocationPool(BadRequest):
    "The allocation pool {pool} is not valid."


class GatewayIpInUse(Conflict):
    "Current gateway ip {ip_address} already in use by port {port_id}. Unable to update."


class AddressPairAndPortSecurityRequired(Conflict):
    "Port Security must be enabled in order to have allowed address pairs on a port."


class PortSecurityAndIPRequiredForSecurityGroups(Conflict):
    """Port security must be enabled and port must have an IP address in order to use security
    groups."""


class PortSecurityPortHasSecurityGroup(Conflict):
    """Port has security group associated. Cannot disable port security or IP address until
    security group is removed."""


class PortBindingAlreadyExists(Conflict):
    "Binding for port {port_id} on host {host} already exists."


class SecurityGroupCannotRemoveDefault(Conflict):
    "Insufficient rights for removing default security group."


class SecurityGroupCannotUpdateDefault(Conflict):
    "Updating default security group not allowed."


class SecurityGroupDefaultAlreadyExists(Conflict):
    "Default security group already exists."


class SecurityGroupInUse(Conflict):
    "Security Group {id} {reason}."


class SecurityGroupConflict(Conflict):
    "A port has either stateful or stateless security groups, not both: {ids}."


class SecurityGroupRuleExists(Conflict):
    "Security group rule already exists. Rule id is {id}."


class SecurityGroupInvalidProtocolValue(BadRequest):
    """Security group rule protocol {protocol} not supported. Only protocol names and integers
    from 0 to 255 are supported."""


class SecurityGroupMissingIcmpType(BadRequest):
    "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing."


class SecurityGroupInvalidIcmpValue(BadRequest):
    "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255."


class SecurityGroupInvalidPortValue(BadRequest):
    "Invalid value for port {port}."


class SecurityGroupInvalidPortRange(BadRequest):
    "For TCP/UDP protocols, port_range_min must be <= port_range_max."


class SecurityGroupProtocolRequiredWithPorts(BadRequest):
    "Must also specify protocol if port range is given."


class SecurityGroupEthertypeConflictWithProtocol(BadRequest):
    "Invalid ethertype {ethertype} for protocol {protocol}."


class SecurityGroupRuleParameterConflict(BadRequest):
    "Conflicting value ethertype {ethertype} for CIDR {cidr}."


class SecurityGroupMultipleRemoteEntites(BadRequest):
    "Only one of remote_ip_prefix, remote_group_id or remote_address_group_id may be provided."


class SecurityGroupsOnDifferentTenants(BadRequest):
    "Rules of one request must belong to one security group."


class AddressGroupInUse(Conflict):
    "Address group {id} is in use on one or more security group rules."


class AddressesAlreadyExist(BadRequest):
    "Addresses {addresses} already exist in the address group {id}."


class AddressesNotFound(NotFound):
    "Addresses {addresses} not found in the address group {id}."


class RouterInUse(Conflict):
    "Router {id} {reason}."


class RouterInterfaceNotFound(NotFound):
    "Router {router_id} does not have an interface with id {port_id}."


class RouterInterfaceNotFoundForSubnet(NotFound):
    "Router {router_id} has no interface on subnet {subnet_id}."


class RouterInterfaceInUseByFloatingIP(Conflict):
    """Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is
    required by one or more floating IPs."""


class RouterInterfaceInUseByRoute(Conflict):
    """Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is
    required by one or more routes."""


class RouterExternalGatewayInUseByFloatingIp(Conflict):
    """Gateway cannot be updated for router {router_id}, since a gateway to external network
    {net_id} is required by one or more floating IPs."""


class InvalidRoutes(BadRequest):
    "Invalid format for routes: {routes}, {reason}."


class FloatingIPPortAlreadyAssociated(Conflict):
    """Cannot associate floating IP {address} ({fip_id}) with port {port_id} using fixed IP
    {fixed_ip}, as that fixed IP already has a floating IP on external network {net_id}."""


class ExternalGatewayForFloatingIPNotFound(NotFound):
    """External network {net_id} is not reachable from subnet {subnet_id}. Therefore, cannot
    associate Port {port_id} with a Floating IP."""


class FipPortForwardingInUse(Conflict):
    "Floating IP {id} is in use by port forwarding."

    kind = "FipAssociated"


class PortHasBindingFloatingIP(Conflict):
    "Address {fixed_ip} of port {port_id} has a floating IP of its own."


class PortHasPortForwarding(Conflict):
    "Address {fixed_ip} of port {port_id} has port forwardings."


class PortForwardingConflict(BadRequest):
    "Bad port_forwarding request: {reason}."

    kind = "BadRequest"


class ExternalNetworkInUse(Conflict):
    """External network {id} cannot be updated to be made non-external, since it has existing
    gateway ports."""


class InvalidSharedSetting(Conflict):
    "Unable to reconfigure sharing settings for network {id}. Multiple tenants are using it."


class VlanIdInUse(Conflict):
    """Unable to create the network. The VLAN {vlan_id} on physical network {physical_network} is
    in use."""


class TunnelIdInUse(Conflict):
    "Unable to create the network. The tunnel ID {tunnel_id} is in use."


class FlatNetworkInUse(Conflict):
    "Unable to create the flat network. Physical network {physical_network} is in use."


class NoNetworkAvailable(Conflict):
    "Unable to create the network. No tenant network is available for allocation."


class SegmentInUse(Conflict):
    "Segment '{id}' cannot be deleted: {reason}."


class RbacPolicyInUse(Conflict):
    "RBAC policy on object {object_id} cannot be removed because other objects depend on it."


class RbacPolicyExists(Conflict):
    "An RBAC policy already exists with those values."

    kind = "DuplicatePolicy"


class QosPolicyInUse(Conflict):
    "QoS Policy {id} is used by {object_type} {object_id}."


class QoSPolicyDefaultAlreadyExists(Conflict):
    "A default QoS policy exists for project {project_id}."


class QoSRulesConflict(Conflict):
    "Rule {kind} conflicts with rule {other} which already exists in QoS Policy {id}."


class QosRuleNotSupported(Conflict):
    "Rule type {kind} is not supported by {where}."


class TrunkDisabled(Conflict):
    "Trunk {id} is currently disabled."


class TrunkPortInUse(Conflict):
    "Port {port_id} is in use as a trunk port or subport."

    kind = "ParentPortInUse"


class TrunkInUse(Conflict):
    "Trunk {id} is currently in use."


class DuplicateSubPort(Conflict):
    """segmentation_type {segmentation_type} and segmentation_id {segmentation_id} already in use
    on trunk {id}."""


class SubPortNotFound(NotFound):
    "SubPort on trunk {id} with parent port {port_id} could not be found."


class DefaultRuleExists(Conflict):
    "Default Security group rule already exists. Rule id is {id}."

    kind = "DefaultSecurityGroupRuleExists"


class AutoAllocationFailure(Conflict):
    "Deployment error: {reason}."


class NorthboundUnavailable(Unavailable):
    "The OVN database cannot be reached: {reason}"


class SecurityGroupInvalidProtocolForPorts(BadRequest):
    """Invalid protocol {protocol} for port range, only supported for TCP, UDP, UDPLITE, SCTP and
    DCCP."""


class SubnetMismatchForPort(BadRequest):
    "Subnet on port {port_id} does not match the requested subnet {subnet_id}."
