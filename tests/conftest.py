"""Tests take their configuration from what they start, never from the machine they run on: a cloud
that runs there, with its quotas and ports, is not theirs. Inside a cloud's namespaces
(`devstack/run`) its folders are named in the environment, and stay."""

import os

os.environ.setdefault("ALTOSTRATUS_ETC", "/nonexistent/altostratus")
