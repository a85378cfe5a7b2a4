"""Who may do what: Neutron's rule names with the defaults of 2026 (project personas; admin and
service users everywhere).

Rules of whole operations first (`create_network`), then of single attributes
(`create_network:shared` when a client sends
one, `get_network:provider:network_type` to see one). Target keys: project_id of the row,
network:project_id of its network.
"""

from common.policy import Rule, rule

ADMIN = "role:admin"
SERVICE = "role:admin or role:service"
_READ = "(role:reader or role:member or role:manager)"
_WRITE = "(role:member or role:manager)"
READER = f"{SERVICE} or ({_READ} and project_id:%(project_id)s)"
MEMBER = f"{SERVICE} or ({_WRITE} and project_id:%(project_id)s)"
MANAGER = f"{ADMIN} or (role:manager and project_id:%(project_id)s)"
ANYONE = f"{SERVICE} or {_READ}"
NET_OWNER = f"{SERVICE} or ({_WRITE} and project_id:%(network:project_id)s)"
NET_READER = f"{READER} or ({_READ} and project_id:%(network:project_id)s)"
NET_MEMBER = f"{MEMBER} or ({_WRITE} and project_id:%(network:project_id)s)"

# noun: (create, get, update, delete)
_OPERATIONS = {
    "network": (MEMBER, ANYONE, MEMBER, MEMBER),
    "subnet": (NET_OWNER, ANYONE, NET_MEMBER, NET_MEMBER),
    "subnetpool": (MEMBER, ANYONE, MEMBER, MEMBER),
    "address_scope": (MEMBER, ANYONE, MEMBER, MEMBER),
    "port": (MEMBER, NET_READER, NET_MEMBER, NET_MEMBER),
    "router": (MEMBER, READER, MEMBER, MEMBER),
    "floatingip": (MEMBER, READER, MEMBER, MEMBER),
    "floatingip_port_forwarding": (MEMBER, READER, MEMBER, MEMBER),
    "security_group": (MEMBER, ANYONE, MEMBER, MEMBER),
    "security_group_rule": (MEMBER, ANYONE, MEMBER, MEMBER),
    "default_security_group_rule": (ADMIN, ANYONE, ADMIN, ADMIN),
    "address_group": (MEMBER, ANYONE, MEMBER, MEMBER),
    "rbac_policy": (MEMBER, READER, MEMBER, MEMBER),
    "policy": (MANAGER, ANYONE, MANAGER, MANAGER),
    "policy_rule": (MANAGER, ANYONE, MANAGER, MANAGER),
    "trunk": (MEMBER, READER, MEMBER, MEMBER),
    "segment": (ADMIN, ADMIN, ADMIN, ADMIN),
    "quota": (ADMIN, f"{ADMIN} or ({_READ} and project_id:%(project_id)s)", ADMIN, ADMIN),
    "agent": (ADMIN, ADMIN, ADMIN, ADMIN),
    "metering_label": (ADMIN, READER, ADMIN, ADMIN),
    "metering_label_rule": (ADMIN, READER, ADMIN, ADMIN),
    "auto_allocated_topology": (MEMBER, READER, MEMBER, MEMBER),
    "tags": (MEMBER, ANYONE, NET_MEMBER, NET_MEMBER),
    "network_ip_availability": (ADMIN, ADMIN, ADMIN, ADMIN),
    "flavor": (ADMIN, ANYONE, ADMIN, ADMIN),
    "service_profile": (ADMIN, ADMIN, ADMIN, ADMIN),
    "service_provider": (ADMIN, ANYONE, ADMIN, ADMIN),
    "availability_zone": (ADMIN, ANYONE, ADMIN, ADMIN),
    "rule_type": (ADMIN, ANYONE, ADMIN, ADMIN),
}
_VERBS = ("create", "get", "update", "delete")

_MORE = {
    "add_router_interface": MEMBER,
    "remove_router_interface": MEMBER,
    "add_extraroutes": MEMBER,
    "remove_extraroutes": MEMBER,
    "add_external_gateways": MEMBER,
    "add_subports": MEMBER,
    "remove_subports": MEMBER,
    "get_subports": READER,
    "add_addresses": MEMBER,
    "remove_addresses": MEMBER,
}

# attribute: (operations that send it, default)
_CU, _CUG = ("create", "update"), ("create", "update", "get")
_DEVICE_OWNER = f"not 'True':%(network_device)s or {NET_OWNER}"
_SUBNET_CHOICE = f"{NET_OWNER} or 'True':%(network:shared)s"
_ATTRIBUTES: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "network": {
        "shared": (_CU, ADMIN),
        "router:external": (_CU, ADMIN),
        "is_default": (_CU, ADMIN),
        "provider:network_type": (_CUG, ADMIN),
        "provider:physical_network": (_CUG, ADMIN),
        "provider:segmentation_id": (_CUG, ADMIN),
        "segments": (_CUG, ADMIN),
    },
    "subnet": {"segment_id": (_CU, ADMIN), "service_types": (_CU, ADMIN)},
    "subnetpool": {"shared": (_CU, ADMIN), "is_default": (_CU, ADMIN)},
    "address_scope": {"shared": (_CU, ADMIN)},
    "port": {
        "mac_address": (("create",), NET_OWNER),
        "fixed_ips": (("update",), NET_OWNER),
        "fixed_ips:ip_address": (_CU, NET_OWNER),
        "fixed_ips:subnet_id": (_CU, _SUBNET_CHOICE),
        "device_owner": (_CU, _DEVICE_OWNER),
        "allowed_address_pairs": (_CU, NET_OWNER),
        "port_security_enabled": (_CU, NET_OWNER),
        "binding:host_id": (_CUG, SERVICE),
        "binding:profile": (_CUG, SERVICE),
        "binding:vnic_type": (_CU, MEMBER),
        "hints": (_CUG, ADMIN),
        "binding:vif_type": (("get",), SERVICE),
        "binding:vif_details": (("get",), SERVICE),
        "resource_request": (("get",), SERVICE),
    },
    "router": {
        "distributed": (_CUG, ADMIN),
        "ha": (_CUG, ADMIN),
        "external_gateway_info:enable_snat": (_CU, ADMIN),
        "external_gateway_info:external_fixed_ips": (_CU, ADMIN),
    },
    "floatingip": {"floating_ip_address": (("create",), ADMIN)},
    "rbac_policy": {"target_tenant": (_CU, f"{ADMIN} or (not '*':%(target_tenant)s and {_WRITE})")},
    "policy": {"shared": (_CU, ADMIN)},
}


def _rules() -> list[Rule]:
    rows = [
        rule("admin_only", ADMIN, "Administrators."),
        rule("service_api", "role:service", "Other services."),
        rule("update_port:mac_address", SERVICE, "Change a port's MAC address."),
    ]
    for noun, checks in _OPERATIONS.items():
        for verb, check in zip(_VERBS, checks, strict=True):
            rows.append(
                rule(f"{verb}_{noun}", check, f"{verb.capitalize()} a {noun.replace('_', ' ')}.")
            )
    for name, check in _MORE.items():
        rows.append(rule(name, check, f"{name.replace('_', ' ').capitalize()}."))
    for noun, attributes in _ATTRIBUTES.items():
        for attribute, (verbs, check) in attributes.items():
            for verb in verbs:
                rows.append(
                    rule(
                        f"{verb}_{noun}:{attribute}",
                        check,
                        f"{verb.capitalize()} a {noun} with {attribute}.",
                    )
                )
    return rows


RULES = tuple(_rules())
