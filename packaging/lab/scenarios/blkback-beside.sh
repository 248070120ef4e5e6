#!/bin/bash
# The kernel's backend and ours serve guests at the same time; each has the disks that are meant for it.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
load_blkback
start_daemon
stock=$(make_image stock.img 32)
start_guest k loop "vdev=xvda,format=raw,backendtype=phy,target=$stock"
start_guest o loop "$(disk xvda "$(make_image ours.img 32)")"
wait_rounds k 2 180
wait_rounds o 2 180
taken=/sys/bus/xen-backend/drivers/vbd
[ -e "$taken/vbd-$(xl domid k)-51712" ] || fail "the stock disk is not xen-blkback's"
[ ! -e "$taken/vbd-$(xl domid o)-51712" ] || fail "our disk is still xen-blkback's"
image_is_open "$IMAGES/ours.img" || fail "our disk is not served by us"

second=$(make_image b.img 8)
for i in 1 2 3; do
    attach o "$(disk xvdb "$second")"
    guest_tries o xvdb
    [ ! -e "$taken/vbd-$(xl domid o)-51728" ] || fail "the second disk is xen-blkback's"
    detach o xvdb
    guest_must o "wait_no_disk xvdb"
done
wait_rounds k 1 60
ok
