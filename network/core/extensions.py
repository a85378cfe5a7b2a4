"The extensions of the Network API that this service really has: alias, name, what it is."

_LIST = """
address-group|Address group|Prefixes that security group rules name together
address-scope|Address scope|Subnet pools whose addresses do not overlap
agent|agent|The OVN chassis
allowed-address-pairs|Allowed Address Pairs|Further addresses that a port may use
auto-allocated-topology|Auto Allocated Topology Services|A network for a project that has none
availability_zone|Availability Zone|Availability zones of networks and routers
binding|Port Binding|Which host a port is on and how it is plugged
default-subnetpools|Default Subnetpools|A subnet pool for subnets that name none
dns-integration|DNS Integration|Names of ports, answered inside their networks
dns-domain-ports|dns_domain for ports|A DNS domain for each port
empty-string-filtering|Empty String Filtering Extension|Filter by an empty value
ext-gw-mode|Neutron L3 Configurable external gateway mode|Switch SNAT off for a router
external-net|Neutron external network|Networks that lead out of the cloud
extra_dhcp_opt|Neutron Extra DHCP options|DHCP options for each port
extraroute|Neutron Extra Route|Static routes of a router
extraroute-atomic|Atomically add/remove extra routes|Add and remove routes in one step
filter-validation|Filter parameters validation|Unknown filters are refused
fip-port-details|Floating IP Port Details Extension|What a floating IP leads to
ip-substring-filtering|IP address substring filtering|Find ports by part of an address
l3-ha|HA Router extension|Routers that fail over between gateway chassis
metering|Neutron Metering|Labels under which traffic is counted
net-mtu|Network MTU|MTU of networks
net-mtu-writable|Network MTU (writable)|Choose the MTU of a network
network_availability_zone|Network Availability Zone|Availability zones of networks
network-ip-availability|Network IP Availability|How many addresses are used
pagination|Pagination support|limit and marker
port-security|Port Security|Switch anti-spoofing off for a port
project-id|project_id field enabled|project_id beside tenant_id
provider|Provider Network|What carries a network
multi-provider|Multi Provider Network|Networks of several segments
qos|Quality of Service|Bandwidth limits, DSCP marks, minimum bandwidth
qos-bw-limit-direction|Direction for QoS bandwidth limit rule|Limits for both directions
qos-default|QoS default policy|A policy for new networks that name none
qos-rule-type-details|Details of QoS rule types|What each type takes
qos-fip|Floating IP QoS|A policy for a floating IP
quotas|Quota management support|Limits for each project
quota-check-limit|Quota engine limit check|Limits below what is used are refused
quota-check-limit-default|Quota engine limit check by default|Unless they are forced
quota_details|Quota details management support|Limits and use
rbac-policies|RBAC Policies|Share networks with projects
rbac-address-group|Add address_group type to RBAC|Share address groups
rbac-address-scope|Add address_scope type to RBAC|Share address scopes
rbac-security-groups|Add security_group type to RBAC|Share security groups
rbac-subnetpool|Add subnetpool type to RBAC|Share subnet pools
revision-if-match|If-Match constraints based on revision_number|Change only what one knows
router|Neutron L3 Router|Routers and floating IPs
router_availability_zone|Router Availability Zone|Availability zones of routers
security-group|security-group|Security groups
security-groups-default-rules|Default rules for security groups|Rules that new groups begin with
security-groups-normalized-cidr|Normalized CIDR field|Prefixes without host bits
security-groups-remote-address-group|Remote address group id field|Rules that name an address group
security-groups-shared-filtering|Security group filtering on the shared field|Filter by shared
segment|Segment|What carries a network, as a resource
service-type|Neutron Service Type Management|Service providers: OVN alone
sorting|Sorting support|sort_key and sort_dir
standard-attr-description|standard-attr-description|A description for everything
standard-attr-revisions|Resource revision numbers|A number that grows with every change
standard-attr-segment|standard-attr-segment|The standard attributes for segments
standard-attr-tag|Tag support for resources with standard attribute|Tags
standard-attr-timestamp|Resource timestamps|When a thing was made and changed
stateful-security-group|Stateful security group|Groups without connection tracking
subnet_allocation|Subnet Allocation|Subnets from pools
subnet-dns-publish-fixed-ip|Subnet DNS publish fixed IP|Publish the fixed addresses of a subnet
subnet-service-types|Subnet service types|Subnets for one kind of device
floating-ip-port-forwarding|Floating IP Port Forwarding|Ports of a floating IP for different servers
floating-ip-port-forwarding-description|Floating IP Port Forwarding|Describe a port forwarding
floating-ip-port-forwarding-detail|Floating IP Port Forwarding|Port forwardings of a floating IP
floating-ip-port-forwarding-port-ranges|Floating IP Port Forwarding port ranges|Ranges of ports
trunk|Trunk Extension|Ports inside a port, by VLAN
port-numa-affinity-policy|Port NUMA affinity policy|A wish for the scheduler
vlan-transparent|Vlantransparent|Networks that carry tagged packets
dvr|Distributed Virtual Router|Routers are on every node
"""
ALL = {
    alias: {
        "alias": alias,
        "name": name,
        "description": text,
        "links": [],
        "updated": "2026-01-01T00:00:00-00:00",
    }
    for alias, name, text in (line.split("|") for line in _LIST.strip().splitlines())
}
