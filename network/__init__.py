"""Network: Neutron's v2.0 API on OVN, port 9696.

Tables: networks, subnets, ports and their addresses, routers, floating IPs, security groups,
policies, quotas, and `pending`,
the list of what OVN has yet to be told. Run: `python -m network api` (the API and the sync loop),
`python -m network
metadata-agent` on every node, `python -m network sync [--check]`, `python -m network db upgrade`.
"""
