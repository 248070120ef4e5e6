#!/bin/bash
# What the guest discards is given back by the image file; a disk line with no-discard says that it cannot be.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
image=$(make_image d.img 32)
dd if=/dev/urandom of="$image" bs=1M count=32 conv=notrunc,fsync status=none
start_idle_guest d "$(disk xvda "$image")"
full=$(stat -c %b "$image")
guest_must d 'blkdiscard -o 0 -l 8388608 /dev/xvda' > /dev/null
left=$(stat -c %b "$image")
[ $((full - left)) -ge 16000 ] || fail "8 MiB discarded, and $(((full - left) / 2)) KiB are given back"
expect "what is left in the rest" "$(tail -c +8388609 "$image" | md5sum)" \
    "$(guest_must d 'dd if=/dev/xvda bs=1M skip=8 iflag=direct 2> /dev/null | md5sum' 120 | tail -n 1)"
guest_must d 'mke2fs /dev/xvda > /dev/null 2>&1 && mount -t ext4 /dev/xvda /mnt && fstrim /mnt && umount /mnt' 180 > /dev/null
after=$(stat -c %b "$image")
[ "$after" -lt 16000 ] || fail "after fstrim $((after / 2)) KiB are still taken"
attach d "$(disk xvdb "$(make_image n.img 8)" direct no-discard)"
guest_tries d xvdb
expect "max discard of a disk with no-discard" 0 \
    "$(guest_must d 'cat /sys/block/xvdb/queue/discard_max_bytes' | tail -n 1)"
figure "$(((full - after) / 2048)) of $((full / 2048)) MiB given back"
ok
