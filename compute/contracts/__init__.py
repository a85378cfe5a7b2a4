"""What crosses the bus in compute: the conductor's orders to an agent, and an agent's reports to
the conductor.

Everything here is plain data. Revisions are additive: a new method carries `since=`, a new field
has a default.
"""
