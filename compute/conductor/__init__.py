"""Work that outlives a request: drives jobs, hears agents, reconciles. Any number of these
processes may run.

A job's state is in the database. Whoever takes a step holds a lease on the job; when it dies,
another goes on from the step written down last. So each step is right to take twice.
"""
