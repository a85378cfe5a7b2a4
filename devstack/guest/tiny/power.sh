#!/bin/sh
# ACPI power button: an orderly end. The file of acpid(8) maps the event to this script's second half.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
if [ "$1" = pressed ]; then
    echo "alto: power button" > /dev/console
    exec poweroff
fi
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\nexec /etc/init.d/power pressed\n' > /etc/acpi/PWRF/00000080
chmod +x /etc/acpi/PWRF/00000080
exec acpid -f -l /var/log/acpid.log
