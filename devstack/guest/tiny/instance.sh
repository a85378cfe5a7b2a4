#!/bin/sh
# Who am I: host name, ssh keys, password, user data; from the config drive, or else from the metadata service.
state=/var/lib/instance
drive=/mnt/config
base=http://169.254.169.254/openstack/latest
mkdir -p $state $drive

from_drive() {
    device=$(findfs LABEL=config-2 2>/dev/null) || return 1
    mount -o ro "$device" $drive 2>/dev/null || return 1
    cp $drive/openstack/latest/meta_data.json $state/meta_data.json || return 1
    rm -f $state/user-data
    cp $drive/openstack/latest/user_data $state/user-data 2>/dev/null
    umount $drive
    echo "config drive" > $state/source
}

fetch() { timeout 5 wget -q -O "$2.new" "$1" && mv "$2.new" "$2"; }

from_service() {
    for try in 1 2 3 4 5; do
        if fetch $base/meta_data.json $state/meta_data.json; then
            rm -f $state/user-data
            fetch $base/user_data $state/user-data
            echo "metadata service" > $state/source
            return 0
        fi
        sleep 1
    done
    return 1
}

from_drive || from_service || { echo "no instance data"; exit 0; }
# JSON without a parser: one string value of a key, and the strings of one object.
value() { tr -d '\n' < $state/meta_data.json | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }
object() { tr -d '\n' < $state/meta_data.json | sed -n "s/.*\"$1\": *{\([^}]*\)}.*/\1/p"; }

value uuid > $state/id
name=$(value hostname)
name=${name%%.*}
if [ -n "$name" ]; then
    hostname "$name"
    echo "$name" > /etc/hostname
    printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" > /etc/hosts
fi

object public_keys | grep -o '"[^"]*": *"[^"]*"' | sed 's/^"[^"]*": *"\(.*\)"$/\1/; s/\\n$//; s/\\\//\//g' \
    > $state/keys
if [ -s $state/keys ]; then
    for home in /root /home/alto; do cp $state/keys $home/.ssh/authorized_keys; done
    chown -R 1000:1000 /home/alto
    chmod 600 /root/.ssh/authorized_keys /home/alto/.ssh/authorized_keys
fi

password=$(value admin_pass)
[ -n "$password" ] && printf 'root:%s\nalto:%s\n' "$password" "$password" | chpasswd
[ -s $state/user-data ] && [ "$(head -c 2 $state/user-data)" = '#!' ] && chmod +x $state/user-data
exit 0
