"""The Placement API (1.0 to 1.39) over the accounting that the scheduler claims from: one truth.

An application of its own, mounted at /placement of the compute API; its inside is that of any
service, smaller.
"""
