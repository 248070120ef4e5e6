#!/bin/bash
# On a file system that is full a guest waits without an error, and goes on by itself once there is space.
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/storage.inc"
needs_blkbackd
start_daemon
mkdir -p "$IMAGES/small"
truncate -s 64M "$IMAGES/small.fs"
run mkfs.ext4 -q -F -m 0 "$IMAGES/small.fs"
run mount -o loop "$IMAGES/small.fs" "$IMAGES/small"
trap 'umount -l "$IMAGES/small"; fail "ended early"' EXIT
truncate -s 48M "$IMAGES/small/e.img"
dd if=/dev/zero of="$IMAGES/small/filler" bs=64k 2> /dev/null
truncate -s -1M "$IMAGES/small/filler"
sync
start_guest e loop "$(disk xvda "$(make_image o.img 32)")" "$(disk xvdb "$IMAGES/small/e.img")"
wait_rounds e 1 300
device=vbd-$(xl domid e)-51728
in_background e xvdb 8
wait_for 120 holds "$device" || fail "nothing is held"
assert_told "$device" ENOSPC
figure "$(held "$device") requests held while the file system is full"
wait_rounds e 2 180
holds "$device" || fail "nothing is held any more"
is_verified e xvdb && fail "the guest's writes ended on a full file system"
expect "I/O errors in the guest" 0 "$(guest_errors e)"

rm "$IMAGES/small/filler"
began=$SECONDS
assert_verified e xvdb 180
figure "done $((SECONDS - began)) s after there was space"
wait_for 30 holds_none "$device" || fail "still held: $(held "$device")"
wait_rounds e 1 180
run xl destroy e
assert_no_leftovers
umount "$IMAGES/small"
trap 'fail "ended early"' EXIT
ok
