"""Every resource and its attributes, as the Network API reference v2.0 lists them: POST, PUT,
default, who may."""

from network.schemas import attributes as a
from network.schemas.attributes import Attr, Resource

NAME = Attr(a.TEXT, default="")
DESCRIPTION = Attr(a.TEXT, default="")
UP = Attr(a.BOOL, default=True)
AZ_HINTS = Attr(a.list_of(a.text()), put=False, default=list)
SHARED = Attr(a.BOOL, default=False, guard=True)
QOS = Attr(a.UUID | None, default=None)

_ROUTE = a.table("destination nexthop", destination=a.CIDR, nexthop=a.IP)
ROUTES = a.list_of(_ROUTE)
_SEGMENT = a.table(
    "",
    **{
        "provider:network_type": a.text(32),
        "provider:physical_network": a.text(64) | None,
        "provider:segmentation_id": a.integer(0, 16777215) | None,
    },
)

NETWORK = Resource(
    "network",
    "networks",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "admin_state_up": UP,
        "shared": SHARED,
        "router:external": Attr(a.BOOL, default=False, guard=True),
        "is_default": Attr(a.BOOL, default=False, guard=True),
        "mtu": Attr(a.integer(0, 65535) | None, default=None),
        "port_security_enabled": Attr(a.BOOL, default=True),
        "provider:network_type": Attr(a.text(32) | None, guard=True, secret=True),
        "provider:physical_network": Attr(a.text(64) | None, guard=True, secret=True),
        "provider:segmentation_id": Attr(a.integer(0, 16777215) | None, guard=True, secret=True),
        "segments": Attr(a.list_of(_SEGMENT), put=False, guard=True, secret=True),
        "availability_zone_hints": AZ_HINTS,
        "dns_domain": Attr(a.DNS_LABELS, default=""),
        "qos_policy_id": QOS,
        "vlan_transparent": Attr(a.BOOL | None, put=False, default=None),
    },
)

_POOL = a.table("start end", start=a.IP, end=a.IP)
_RA = a.one_of("slaac", "dhcpv6-stateful", "dhcpv6-stateless") | None
SUBNET = Resource(
    "subnet",
    "subnets",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "network_id": Attr(a.UUID, put=False, required=True),
        "ip_version": Attr(a.Kind({"enum": [4, 6, "4", "6"]}, int), put=False),
        "cidr": Attr(a.CIDR | None, put=False, default=None),
        "gateway_ip": Attr(a.IP | None),
        "allocation_pools": Attr(a.list_of(_POOL)),
        "dns_nameservers": Attr(a.list_of(a.IP) | None, default=list),
        "host_routes": Attr(a.list_of(_ROUTE) | None, default=list),
        "enable_dhcp": Attr(a.BOOL, default=True),
        "ipv6_ra_mode": Attr(_RA, put=False, default=None),
        "ipv6_address_mode": Attr(_RA, put=False, default=None),
        "subnetpool_id": Attr(a.text(64) | None, put=False, default=None),
        "use_default_subnetpool": Attr(a.BOOL, put=False, default=False),
        "prefixlen": Attr(a.integer(0, 128) | None, put=False, default=None),
        "segment_id": Attr(a.UUID | None, default=None, guard=True),
        "service_types": Attr(a.list_of(a.text(), unique=True), default=list, guard=True),
        "dns_publish_fixed_ip": Attr(a.BOOL, default=False),
    },
)

SUBNETPOOL = Resource(
    "subnetpool",
    "subnetpools",
    {
        "name": Attr(a.TEXT, required=True),
        "description": DESCRIPTION,
        "prefixes": Attr(
            a.Kind({"type": "array", "items": a.CIDR.schema, "minItems": 1}), required=True
        ),
        "default_prefixlen": Attr(a.integer(0, 128) | None),
        "min_prefixlen": Attr(a.integer(0, 128) | None),
        "max_prefixlen": Attr(a.integer(0, 128) | None),
        "default_quota": Attr(a.integer(0) | None, default=None),
        "shared": Attr(a.BOOL, default=False, put=False, guard=True),
        "is_default": Attr(a.BOOL, default=False, guard=True),
        "address_scope_id": Attr(a.UUID | None, default=None),
    },
)

ADDRESS_SCOPE = Resource(
    "address_scope",
    "address_scopes",
    {
        "name": Attr(a.TEXT, required=True),
        "ip_version": Attr(a.Kind({"enum": [4, 6, "4", "6"]}, int), put=False, required=True),
        "shared": SHARED,
    },
)

_PAIR = a.table(
    "ip_address", ip_address=a.Kind({"anyOf": [a.IP.schema, a.CIDR.schema]}), mac_address=a.MAC
)
_DHCP_OPT = a.table(
    "opt_name",
    opt_name=a.text(64, 1),
    opt_value=a.text(255) | None,
    ip_version=a.Kind({"enum": [4, 6, "4", "6"]}, int),
)
FIXED_IPS = a.list_of(a.table("", subnet_id=a.UUID, ip_address=a.IP, device_id=a.TEXT))
VNIC_TYPES = (
    "normal",
    "direct",
    "macvtap",
    "baremetal",
    "direct-physical",
    "virtio-forwarder",
    "smart-nic",
    "vdpa",
    "accelerator-direct",
    "accelerator-direct-physical",
    "remote-managed",
)
PORT = Resource(
    "port",
    "ports",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "admin_state_up": UP,
        "network_id": Attr(a.UUID, put=False, required=True),
        "mac_address": Attr(a.MAC, guard=True),
        "fixed_ips": Attr(FIXED_IPS, guard=True),
        "device_id": Attr(a.TEXT, default=""),
        "device_owner": Attr(a.TEXT, default="", guard=True),
        "security_groups": Attr(a.list_of(a.UUID, unique=True) | None),
        "allowed_address_pairs": Attr(a.list_of(_PAIR) | None, default=list, guard=True),
        "extra_dhcp_opts": Attr(a.list_of(_DHCP_OPT) | None, default=list),
        "port_security_enabled": Attr(a.BOOL, guard=True),
        "binding:host_id": Attr(a.TEXT | None, guard=True, secret=True, default=""),
        "binding:profile": Attr(a.ANY_OBJECT | None, guard=True, secret=True, default=dict),
        "binding:vnic_type": Attr(a.one_of(*VNIC_TYPES), guard=True, default="normal"),
        "dns_name": Attr(a.DNS_LABELS | None, default=""),
        "dns_domain": Attr(a.DNS_LABELS | None, default=""),
        "qos_policy_id": QOS,
        "propagate_uplink_status": Attr(a.BOOL, default=True),
        "numa_affinity_policy": Attr(
            a.one_of("required", "preferred", "legacy", "socket") | None, default=None
        ),
        "hints": Attr(a.ANY_OBJECT | None, default=None, guard=True, secret=True),
    },
    read_only_secret=("binding:vif_type", "binding:vif_details", "resource_request"),
)

_EXTERNAL_IP = a.table("", subnet_id=a.UUID, ip_address=a.IP)
_GATEWAY = a.table(
    "network_id",
    network_id=a.UUID,
    enable_snat=a.BOOL,
    external_fixed_ips=a.list_of(_EXTERNAL_IP),
    qos_policy_id=a.UUID | None,
)
GATEWAY_INFO = a.Kind(
    {"anyOf": [_GATEWAY.schema, {"type": "null"}, {"type": "object", "maxProperties": 0}]},
    lambda v: _GATEWAY.convert(v) if v and _GATEWAY.convert else None,
)
ROUTER = Resource(
    "router",
    "routers",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "admin_state_up": UP,
        "external_gateway_info": Attr(GATEWAY_INFO, default=None),
        "distributed": Attr(a.BOOL | None, guard=True, secret=True),
        "ha": Attr(a.BOOL | None, guard=True, secret=True),
        "availability_zone_hints": AZ_HINTS,
        "routes": Attr(ROUTES | None, post=False),
        "flavor_id": Attr(a.UUID | None, put=False, default=None),
    },
)

FLOATINGIP = Resource(
    "floatingip",
    "floatingips",
    {
        "floating_network_id": Attr(a.UUID, put=False, required=True),
        "floating_ip_address": Attr(a.IP | None, put=False, default=None, guard=True),
        "subnet_id": Attr(a.UUID | None, put=False, default=None),
        "port_id": Attr(a.UUID | None),
        "fixed_ip_address": Attr(a.IP | None),
        "description": DESCRIPTION,
        "qos_policy_id": QOS,
        "dns_name": Attr(a.DNS_LABELS, default="", put=False),
        "dns_domain": Attr(a.DNS_LABELS, default="", put=False),
    },
)

_L4 = a.integer(1, 65535)
_RANGE = a.Kind({"type": "string", "pattern": "^[0-9]{1,5}(:[0-9]{1,5})?$"})
PORT_FORWARDING = Resource(
    "port_forwarding",
    "port_forwardings",
    {
        "internal_port_id": Attr(a.UUID, required=True),
        "internal_ip_address": Attr(a.IP | None),
        "protocol": Attr(a.one_of("tcp", "udp", "TCP", "UDP"), required=True),
        "internal_port": Attr(_L4 | None),
        "external_port": Attr(_L4 | None),
        "internal_port_range": Attr(_RANGE | None),
        "external_port_range": Attr(_RANGE | None),
        "description": DESCRIPTION,
    },
)

SECURITY_GROUP = Resource(
    "security_group",
    "security_groups",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "stateful": Attr(a.BOOL, default=True),
    },
)
_PROTOCOL = a.Kind(
    {"anyOf": [{"type": "string", "maxLength": 40}, {"type": "integer"}, {"type": "null"}]},
    lambda v: None if v is None or str(v).lower() in ("", "any") else str(v).lower(),
)
_RULE = {
    "direction": Attr(a.one_of("ingress", "egress"), put=False, required=True),
    "ethertype": Attr(a.one_of("IPv4", "IPv6", "ipv4", "ipv6"), put=False, default="IPv4"),
    "protocol": Attr(_PROTOCOL, put=False, default=None),
    "port_range_min": Attr(a.integer() | None, put=False, default=None),
    "port_range_max": Attr(a.integer() | None, put=False, default=None),
    "remote_ip_prefix": Attr(
        a.Kind({"anyOf": [a.CIDR.schema, {"type": "null"}]}), put=False, default=None
    ),
    "remote_address_group_id": Attr(a.UUID | None, put=False, default=None),
    "description": DESCRIPTION,
}
SECURITY_GROUP_RULE = Resource(
    "security_group_rule",
    "security_group_rules",
    {
        "security_group_id": Attr(a.UUID, put=False, required=True),
        "remote_group_id": Attr(a.text(36) | None, put=False, default=None),
        **_RULE,
    },
)
DEFAULT_RULE = Resource(
    "default_security_group_rule",
    "default_security_group_rules",
    {
        **_RULE,
        "description": Attr(a.TEXT, put=False, default=""),
        "remote_group_id": Attr(a.text(36) | None, put=False, default=None),
        "used_in_default_sg": Attr(a.BOOL, put=False, default=False),
        "used_in_non_default_sg": Attr(a.BOOL, put=False, default=True),
    },
)
ADDRESS_GROUP = Resource(
    "address_group",
    "address_groups",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "addresses": Attr(a.list_of(a.CIDR), put=False, default=list),
    },
)

RBAC_POLICY = Resource(
    "rbac_policy",
    "rbac_policies",
    {
        "object_type": Attr(a.text(32), put=False, required=True),
        "object_id": Attr(a.UUID, put=False, required=True),
        "action": Attr(a.text(32), put=False, required=True),
        "target_tenant": Attr(a.text(255, 1), required=True, guard=True),
    },
)

QOS_POLICY = Resource(
    "policy",
    "policies",
    {
        "name": Attr(a.TEXT, default="", required=True),
        "description": DESCRIPTION,
        "shared": SHARED,
        "is_default": Attr(a.BOOL, default=False),
    },
)
_DIRECTION = Attr(a.one_of("ingress", "egress"), default="egress")
_KBPS = a.integer(0, 2147483647)
QOS_RULES = {
    "bandwidth_limit": Resource(
        "bandwidth_limit_rule",
        "bandwidth_limit_rules",
        {
            "max_kbps": Attr(_KBPS, required=True),
            "max_burst_kbps": Attr(_KBPS, default=0),
            "direction": _DIRECTION,
        },
    ),
    "dscp_marking": Resource(
        "dscp_marking_rule",
        "dscp_marking_rules",
        {
            "dscp_mark": Attr(
                a.Kind(
                    {
                        "enum": [
                            0,
                            8,
                            10,
                            12,
                            14,
                            16,
                            18,
                            20,
                            22,
                            24,
                            26,
                            28,
                            30,
                            32,
                            34,
                            36,
                            38,
                            40,
                            44,
                            46,
                            48,
                            56,
                        ]
                    }
                ),
                required=True,
            )
        },
    ),
    "minimum_bandwidth": Resource(
        "minimum_bandwidth_rule",
        "minimum_bandwidth_rules",
        {"min_kbps": Attr(_KBPS, required=True), "direction": _DIRECTION},
    ),
}

_SUBPORT = a.table(
    "port_id",
    port_id=a.UUID,
    segmentation_type=a.one_of("vlan", "inherit"),
    segmentation_id=a.integer(1, 4094),
)
SUB_PORTS = a.list_of(_SUBPORT)
TRUNK = Resource(
    "trunk",
    "trunks",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "admin_state_up": UP,
        "port_id": Attr(a.UUID, put=False, required=True),
        "sub_ports": Attr(SUB_PORTS, put=False, default=list),
    },
)

SEGMENT = Resource(
    "segment",
    "segments",
    {
        "network_id": Attr(a.UUID, put=False, required=True),
        "name": Attr(a.TEXT | None, default=""),
        "description": Attr(a.TEXT | None, default=""),
        "network_type": Attr(a.text(32), put=False, required=True),
        "physical_network": Attr(a.text(64) | None, put=False, default=None),
        "segmentation_id": Attr(a.integer(1, 16777215) | None, put=False, default=None),
    },
)

METERING_LABEL = Resource(
    "metering_label",
    "metering_labels",
    {
        "name": Attr(a.TEXT, put=False, default=""),
        "description": Attr(a.TEXT, put=False, default=""),
        "shared": Attr(a.BOOL, put=False, default=False),
    },
)
METERING_RULE = Resource(
    "metering_label_rule",
    "metering_label_rules",
    {
        "metering_label_id": Attr(a.UUID, put=False, required=True),
        "direction": Attr(a.one_of("ingress", "egress"), put=False, default="ingress"),
        "excluded": Attr(a.BOOL, put=False, default=False),
        "remote_ip_prefix": Attr(a.CIDR | None, put=False, default=None),
        "source_ip_prefix": Attr(a.CIDR | None, put=False, default=None),
        "destination_ip_prefix": Attr(a.CIDR | None, put=False, default=None),
    },
)
