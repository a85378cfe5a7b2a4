"""The cloud of one machine: from a bare Debian 12 to a booted server with one command.

`devstack/up` (also down, status, logs, restart, image, run, test) -> launch.sh -> prepare.py
(standard library only: packages, virtual environment) -> `python -m devstack` in that
environment. Everything lies under $ALTOSTRATUS_ROOT (default /), and $ALTOSTRATUS_INSTANCE puts a
whole second cloud into namespaces of its own. Owns no tables and no port.
"""
