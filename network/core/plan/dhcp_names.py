"""The names that Neutron's clients use for DHCP options (dnsmasq's) and the numbers of the
protocol, as OVN calls them (ovn-nb(5),
DHCP_Options)."""

from __future__ import annotations

_V4 = {
    "3": "router",
    "router": "router",
    "1": "netmask",
    "netmask": "netmask",
    "6": "dns_server",
    "dns-server": "dns_server",
    "7": "log_server",
    "log-server": "log_server",
    "9": "lpr_server",
    "12": "hostname",
    "hostname": "hostname",
    "15": "domain_name",
    "domain-name": "domain_name",
    "16": "swap_server",
    "17": "root_path",
    "19": "ip_forward_enable",
    "ip-forward-enable": "ip_forward_enable",
    "20": "policy_filter",
    "21": "policy_filter",
    "policy-filter": "policy_filter",
    "23": "default_ttl",
    "default-ttl": "default_ttl",
    "26": "mtu",
    "mtu": "mtu",
    "28": "broadcast_address",
    "31": "router_discovery",
    "router-discovery": "router_discovery",
    "32": "router_solicitation",
    "33": "static_route",
    "static-route": "static_route",
    "35": "arp_cache_timeout",
    "36": "ethernet_encap",
    "37": "tcp_ttl",
    "38": "tcp_keepalive_interval",
    "40": "nis_domain",
    "41": "nis_server",
    "42": "ntp_server",
    "ntp-server": "ntp_server",
    "44": "netbios_name_server",
    "46": "netbios_node_type",
    "51": "lease_time",
    "lease-time": "lease_time",
    "54": "server_id",
    "58": "T1",
    "T1": "T1",
    "59": "T2",
    "T2": "T2",
    "66": "tftp_server",
    "tftp-server": "tftp_server",
    "67": "bootfile_name",
    "bootfile-name": "bootfile_name",
    "116": "path_prefix",
    "119": "domain_search_list",
    "121": "classless_static_route",
    "classless-static-route": "classless_static_route",
    "249": "ms_classless_static_route",
    "150": "tftp_server_address",
    "tftp-server-address": "tftp_server_address",
    "server-ip-address": "tftp_server_address",
    "210": "path_prefix",
    "252": "wpad",
    "wpad": "wpad",
}
_V6 = {
    "23": "dns_server",
    "dns-server": "dns_server",
    "24": "domain_search",
    "domain-search": "domain_search",
    "59": "bootfile_name",
    "bootfile-name": "bootfile_name",
}
_TEXT = {
    "hostname",
    "domain_name",
    "root_path",
    "tftp_server",
    "bootfile_name",
    "path_prefix",
    "wpad",
    "domain_search",
    "domain_search_list",
}


def option(name: str, value: str, version: int) -> tuple[str, str] | None:
    "(OVN's name, value) of an option, None for one that OVN does not have."
    known = (_V4 if version == 4 else _V6).get(
        name.removeprefix("option:").removeprefix("option6:")
    )
    if known is None:
        return None
    if known in _TEXT and not value.startswith('"'):
        value = f'"{value}"'
    elif "," in value and not value.startswith("{"):
        value = "{" + value.replace(",", ", ") + "}"
    return known, value
