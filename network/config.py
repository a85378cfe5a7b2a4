"The options of the network service."

from typing import Any

from oslo_config import cfg

import common.config

_QUOTAS = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "rbac_policy": 10,
    "subnetpool": -1,
    "address_group": -1,
    "trunk": -1,
    "qos_policy": -1,
}

OPTIONS: dict[str, list[Any]] = {
    "ovn": [
        cfg.StrOpt(
            "nb_connection",
            default="unix:/var/run/ovn/ovnnb_db.sock",
            help="OVN northbound database: unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT. Empty: no "
            "OVN, the API alone.",
        ),
        cfg.StrOpt(
            "sb_connection",
            default="unix:/var/run/ovn/ovnsb_db.sock",
            help="OVN southbound database.",
        ),
        cfg.StrOpt(
            "ovs_connection",
            default="unix:/var/run/openvswitch/db.sock",
            help="Open vSwitch database of this machine, for the metadata agent.",
        ),
        cfg.StrOpt(
            "integration_bridge", default="br-int", help="Bridge that ports are plugged into."
        ),
        cfg.IntOpt(
            "timeout_s", default=30, min=1, help="Longest that one transaction with OVN may take."
        ),
        cfg.IntOpt(
            "full_sync_s",
            default=180,
            min=10,
            help="Seconds between two full comparisons with OVN.",
        ),
        cfg.ListOpt(
            "dns_servers",
            default=[],
            help="Name servers for subnets without their own; by default those of this machine.",
        ),
        cfg.BoolOpt(
            "distributed_floating_ip",
            default=False,
            help="Let every node answer for the floating IPs of its own servers.",
        ),
        cfg.IntOpt("dhcp_lease_s", default=43200, min=60, help="DHCP lease time."),
    ],
    "provider": [
        cfg.IntOpt(
            "physical_mtu", default=1500, min=576, help="MTU of the network between the nodes."
        ),
        cfg.StrOpt(
            "tenant_network_type",
            default="geneve",
            choices=["geneve", "vlan"],
            help="Type of networks that do not ask for one.",
        ),
        cfg.StrOpt("vni_range", default="1:65536", help="Geneve ids, first:last."),
        cfg.ListOpt(
            "flat_networks", default=["*"], help="Physical networks for flat networks; * is any."
        ),
        cfg.ListOpt(
            "vlan_ranges",
            default=["*:1:4094"],
            help="physnet:first:last for each physical network with VLANs; * is any.",
        ),
    ],
    "dns": [
        cfg.StrOpt(
            "domain", default="openstacklocal.", help="Domain of the ports' names; ends with a dot."
        )
    ],
    "addresses": [
        cfg.StrOpt(
            "base_mac",
            default="fa:16:3e",
            help="First three bytes of the MAC addresses given to ports.",
        ),
        cfg.IntOpt(
            "max_fixed_ips", default=5, help="Addresses that one port may have; more are refused."
        ),
        cfg.IntOpt("max_routes", default=30, help="Extra routes of a router."),
        cfg.IntOpt("max_host_routes", default=20, help="Host routes of a subnet."),
        cfg.IntOpt("max_name_servers", default=5, help="Name servers of a subnet."),
        cfg.IntOpt("max_address_pairs", default=10, help="Allowed address pairs of a port."),
    ],
    "quota": [
        cfg.IntOpt(name, default=value, help=f"Default quota: {name}; -1 is no limit.")
        for name, value in _QUOTAS.items()
    ],
    "metadata": [
        cfg.StrOpt(
            "secret", default="", secret=True, help="Shared with compute: signs instance ids."
        ),
        cfg.StrOpt("url", default="http://127.0.0.1:8775", help="Where compute serves metadata."),
        cfg.IntOpt(
            "health_port",
            default=0,
            help="Port for /healthcheck and /metrics of the agent; 0 is none.",
        ),
    ],
}


def load(**overrides: Any) -> cfg.ConfigOpts:
    'The configuration: load(**{"database.url": "sqlite:///x"}).'
    return common.config.load("network", OPTIONS, overrides)
