#!/bin/bash
# Where nothing keeps xen-blkback away, the first disk brings it in. It comes before our disk is in use: loaded later it
# would take the disk from under the guest.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
mv /etc/modprobe.d/lab.conf /tmp/lab.conf.away
start_guest d loop "$(disk xvda "$(make_image d.img 32)")"
mv /tmp/lab.conf.away /etc/modprobe.d/lab.conf
[ -e /sys/module/xen_blkback ] || fail "xen-blkback was not loaded"
wait_rounds d 2 180
[ ! -e "/sys/bus/xen-backend/drivers/vbd/vbd-$(xl domid d)-51712" ] || fail "our disk is xen-blkback's"
image_is_open "$IMAGES/d.img" || fail "our disk is not served by us"
ok
