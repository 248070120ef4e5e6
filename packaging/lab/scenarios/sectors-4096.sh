#!/bin/bash
# An image on a device with sectors of 4096 bytes, past the page cache: verified writes, and requests of 512 bytes.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
backing=$(make_image k.img 32)
loop=$(losetup --sector-size 4096 --show -f "$backing")
trap 'losetup -d "$loop"; fail "ended early"' EXIT
expect "the device's sector size" 4096 "$(blockdev --getss "$loop")"
start_guest k loop "$(disk xvda "$loop")"
wait_rounds k 2 300
figure "sector-size $(guest_must k 'cat /sys/block/xvda/queue/logical_block_size' | tail -n 1) in the guest"
guest_must k 'bs=$(cat /sys/block/xvda/queue/logical_block_size)
    dd if=/dev/urandom of=/tmp/w bs=$bs count=33 2> /dev/null
    dd if=/tmp/w of=/dev/xvda bs=$bs seek=$((9 * 1048576 / bs + 3)) oflag=direct conv=fsync 2> /dev/null &&
    dd if=/dev/xvda of=/tmp/r bs=$bs skip=$((9 * 1048576 / bs + 3)) count=33 iflag=direct 2> /dev/null && cmp /tmp/w /tmp/r' 120
wait_rounds k 1 120
run xl destroy k
trap 'fail "ended early"' EXIT
wait_for 10 image_is_closed "$loop" || fail "the device is still open"
losetup -d "$loop"
ok
