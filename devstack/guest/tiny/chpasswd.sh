#!/bin/sh
# chpasswd(8) as far as the guest agent and the instance data need it: user:password lines; -e: they are hashed already.
while IFS=: read -r user secret; do
    [ "$1" = -e ] || secret=$(mkpasswd -m sha512 "$secret")
    awk -F: -v OFS=: -v user="$user" -v secret="$secret" '$1 == user { $2 = secret; found = 1 } { print }
        END { exit !found }' /etc/shadow > /etc/shadow.new || exit 1
    chmod 600 /etc/shadow.new
    mv /etc/shadow.new /etc/shadow
done
