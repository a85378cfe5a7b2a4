#!/bin/sh
# What every command of this folder starts with: be root, have python3, then let Python do the rest.
#   launch.sh up|down|status|test|logs|restart|image|run [arguments]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "devstack needs root (it starts daemons, bridges and virtual machines): sudo $here/$*" >&2
    exit 1
fi
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    echo "devstack runs on Linux on x86-64; this is $(uname -s) on $(uname -m)." >&2
    exit 1
fi
if [ ! -x /usr/bin/python3 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "devstack needs Debian 12: there is neither /usr/bin/python3 nor apt-get here." >&2
        exit 1
    fi
    echo "Installing python3"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qqy install python3 >/dev/null
fi
exec /usr/bin/python3 "$here/prepare.py" "$@"
