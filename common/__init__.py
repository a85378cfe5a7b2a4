"""What at least two services need today: errors, context, configuration, HTTP, database, bus,
tokens, clients.

Imports no service. Services call it; they do not subclass it (but for `Error`, `Contract` and the
model base).
"""
