#!/bin/bash
# The guest's driver lets go of the disk, as before a kexec: the image is closed, and a new driver is offered the disk.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
image=$(make_image b.img 32)
start_idle_guest b "$(disk xvda "$image")"
say "$(guest_must b 'tester /dev/xvda 4 16 1' 120)"
guest_must b 'echo vbd-51712 > /sys/bus/xen/drivers/vbd/unbind && wait_no_disk xvda' 90 > /dev/null
expect "the backend's state" 6 "$(xenstore-read "$(backend_dir b 51712)/state")"
wait_for 10 image_is_closed "$image" || fail "the image is still open"
backend_offers() {
    [ "$(xenstore-read "$(backend_dir b 51712)/state")" = 2 ]
}
# What a new kernel writes at its start. Linux' blkfront of the same kernel cannot be bound again: the bus keeps what it
# knew of the device's state.
xenstore-write "/local/domain/$(xl domid b)/device/vbd/51712/state" 1
wait_for 30 backend_offers || fail "the backend stays in state $(xenstore-read "$(backend_dir b 51712)/state")"
image_is_closed "$image" || fail "the image was opened for a guest that has not connected"
figure "state 6, then 2"
ok
