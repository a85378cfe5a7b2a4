#!/bin/busybox sh
# First process of the tiny guest: load the drivers of the disk, find the root file system, hand over to its init.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module" 2>/dev/null; done < /modules/order

wanted=
for word in $(cat /proc/cmdline); do
    case $word in root=*) wanted=${word#root=} ;; esac
done
# The first disk that the firmware booted from has one of these names, whatever bus the image asked for.
tries=0
while [ $tries -lt 150 ]; do
    for disk in $wanted /dev/vda /dev/sda /dev/hda; do
        [ -b "$disk" ] && mount -t ext4 "$disk" /root 2>/dev/null && break 2
    done
    tries=$((tries + 1))
    sleep 0.1
done
if ! [ -x /root/sbin/init ]; then
    echo "alto: no root file system on ${wanted:-/dev/vda}"
    exec sh
fi
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
exec switch_root /root /sbin/init
