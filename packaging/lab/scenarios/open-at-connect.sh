#!/bin/bash
# An image is opened when the guest connects, not before, and closed when it lets go.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
image=$(make_image o.img 32)
write_config o idle "$(disk xvda "$image")"
xl create -p /tmp/o.cfg > /tmp/xl.out 2>&1 || fail "xl create: $(grep -m 3 error /tmp/xl.out)"
sleep 3
image_is_closed "$image" || fail "it is open while the guest has not run"
xl unpause o
wait_guest o "disk" 120
image_is_open "$image" || fail "it is not open while the guest uses it"
detach o xvda
wait_for 10 image_is_closed "$image" || fail "it is open after the detach"
attach o "$(disk xvdb "$image")"
guest_tries o xvdb
image_is_open "$image" || fail "it is not open after the second attach"
ok
