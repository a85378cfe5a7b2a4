#!/bin/sh
# Keeps the machine's end of the public network: the userspace datapath makes br-ex anew, without an address, whenever
# ovs-vswitchd starts. Environment: EDGE_ADDRESSES ("172.24.4.1/24 ..."), EDGE_UPLINK (interface of the default route or empty).
set -u
put() {
    for address in $EDGE_ADDRESSES; do
        ip -o addr show dev br-ex 2>/dev/null | grep -q "inet6\? $address " || ip addr replace "$address" dev br-ex
    done
    ip link set br-ex up
    # The userspace datapath does not complete partial checksums.
    ethtool -K br-ex tx off gro off gso off tso off >/dev/null 2>&1
}
trap 'exit 0' TERM INT
while :; do
    if ip link show br-ex >/dev/null 2>&1; then
        ip -o link show br-ex | grep -q '[<,]UP[,>]' \
            && [ "$(ip -o addr show dev br-ex | grep -c -F -e "${EDGE_ADDRESSES%% *} ")" -gt 0 ] || put
    fi
    sleep 2 &
    wait $!
done
