#!/bin/bash
# The guest's driver lets go of the disk and takes it again, as a kexec does; the disk is there again each time.
. "$(dirname "$0")/functions.sh"
start_daemon
start_idle_guest b "$(disk xvda "$(make_image b.img 32)")"
backend_offers() {
    [ "$(xenstore-read "$(backend_dir b 51712)/state")" = 2 ]
}
for i in 1 2 3; do
    guest_must b 'echo vbd-51712 > /sys/bus/xen/drivers/vbd/unbind && wait_no_disk xvda' 90 > /dev/null
    expect "the backend's state" 6 "$(xenstore-read "$(backend_dir b 51712)/state")"
    # What a kernel does for itself at its start; a driver that is bound again leaves its state at 6.
    xenstore-write "/local/domain/$(xl domid b)/device/vbd/51712/state" 1
    wait_for 30 backend_offers || fail "the backend stays in state $(xenstore-read "$(backend_dir b 51712)/state")"
    guest_must b 'echo vbd-51712 > /sys/bus/xen/drivers/vbd/bind; wait_disk xvda' 90 > /dev/null
    say "$(guest_must b "tester /dev/xvda 4 16 $i" 120)"
done
figure "3 times"
ok
