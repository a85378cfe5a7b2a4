#!/bin/sh
# Everything between the kernel and a server that answers: file systems, drivers, network, instance data, ssh.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
say() { echo "alto: $* (up $(cut -d' ' -f1 /proc/uptime) s)" > /dev/console; }

mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
chmod 1777 /tmp
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
while read -r module; do insmod "/lib/modules/$module" 2>/dev/null; done < /lib/modules/order
say "userspace"

# The image is as small as it can be; the disk of a flavor is larger. The file system has no partition around it,
# so that growing it online is all there is to do.
device=$(awk '$2 == "/" && $3 == "ext4" { print $1 }' /proc/mounts | tail -n 1)
mount -o remount,rw /
[ -b "$device" ] && resize2fs "$device" > /var/log/resize.log 2>&1
say "root file system of $(df -m / | awk 'NR == 2 { print $2 }') MiB"

ip link set lo up
for path in /sys/class/net/*; do
    name=${path##*/}
    [ "$name" = lo ] && continue
    echo 0 > "/proc/sys/net/ipv6/conf/$name/accept_dad" 2>/dev/null
    ip link set "$name" up
done
for path in /sys/class/net/*; do
    name=${path##*/}
    [ "$name" = lo ] && continue
    # -b: where nobody answers it goes on asking in the background, and the boot goes on.
    udhcpc -i "$name" -t 6 -T 1 -A 3 -b -O staticroutes -O mtu -x hostname:"$(hostname)" \
        -s /etc/init.d/dhcp > /dev/null 2>&1
done
say "network $(ip -4 -o addr show scope global | awk '{ print $2, $4 }' | tr '\n' ' ')"

/etc/init.d/instance > /var/log/instance.log 2>&1

if ! [ -s /etc/dropbear/host_key ]; then
    rm -f /etc/dropbear/host_key
    dropbearkey -t ed25519 -f /etc/dropbear/host_key > /dev/null 2>&1
    sync
fi
# -s: keys only. The password of /etc/issue is for the console, which only the project reaches.
dropbear -s -r /etc/dropbear/host_key 2> /var/log/dropbear.log
say "ssh answers; instance $(cat /var/lib/instance/id 2>/dev/null || echo unknown), host name $(hostname)"

if [ -x /var/lib/instance/user-data ]; then
    (/var/lib/instance/user-data > /dev/console 2>&1; say "user data ended with $?") &
fi
exit 0
