"""Identity: the Keystone v3 API on port 5000.

Users, groups, projects, roles, catalog, credentials, trusts, federation. Tokens are signed here
and verified everywhere (`common.tokens`); the tables are in `store/models`.

python -m identity db upgrade && python -m identity bootstrap --password SECRET && python -m
identity api
"""
