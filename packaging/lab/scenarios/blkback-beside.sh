#!/bin/bash
# The kernel's backend and ours serve guests at the same time; each has the disks that are meant for it.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
modprobe xen-blkback
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
    xl block-attach o "$(disk xvdb "$second")" > /tmp/xl.out 2>&1 || fail "attach $i: $(cat /tmp/xl.out)"
    wait_guest o "xvdb ok $i" 60
    [ ! -e "$taken/vbd-$(xl domid o)-51728" ] || fail "the second disk is xen-blkback's"
    xl block-detach o xvdb > /tmp/xl.out 2>&1 || fail "detach $i: $(cat /tmp/xl.out)"
    wait_guest o "xvdb gone $i" 30
done
wait_rounds k 1 60
xl destroy k && xl destroy o || fail "xl destroy"
assert_no_leftovers
ok
