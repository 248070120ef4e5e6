#!/bin/bash
# A guest with several CPUs gets one queue for each of two, and every queue carries verified I/O, beside xen-blkback too.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
load_blkback
start_daemon
GUEST_VCPUS=2
start_guest q loop "$(disk xvda "$(make_image q.img 32)")"
wait_rounds q 1 300
expect "what the guest asks for" 2 \
    "$(xenstore-read "/local/domain/$(xl domid q)/device/vbd/51712/multi-queue-num-queues" 2>&1)"
expect "the number of queues in the guest" 2 "$(guest_must q 'ls /sys/block/xvda/mq | wc -l' | tail -n 1)"
wait_rounds q 2 180
[ ! -e "/sys/bus/xen-backend/drivers/vbd/vbd-$(xl domid q)-51712" ] || fail "the disk is xen-blkback's"
figure "2 queues"
ok
