#!/bin/sh
# What udhcpc(8) calls: $1 is what happened, the answer is in the environment.
case $1 in
deconfig)
    ip link set "$interface" up
    ;;
bound | renew)
    ip -4 addr flush dev "$interface"
    ip addr add "$ip/${mask:-24}" dev "$interface"
    [ -n "$mtu" ] && ip link set "$interface" mtu "$mtu"
    if [ -n "$staticroutes" ]; then
        # RFC 3442: with classless routes the router option is to be ignored.
        set -- $staticroutes
        while [ -n "$2" ]; do
            target=$1
            [ "$target" = 0.0.0.0/0 ] && target=default
            if [ "$2" = 0.0.0.0 ]; then
                ip route replace "$target" dev "$interface"
            else
                ip route replace "$target" via "$2" dev "$interface" onlink
            fi
            shift 2
        done
    else
        for gateway in $router; do ip route replace default via "$gateway" dev "$interface"; done
    fi
    [ -n "$domain" ] && echo "search $domain" > /etc/resolv.conf || : > /etc/resolv.conf
    for server in $dns; do echo "nameserver $server" >> /etc/resolv.conf; done
    ;;
esac
exit 0
