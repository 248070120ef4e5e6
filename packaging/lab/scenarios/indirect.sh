#!/bin/bash
# Requests of up to 32 segments and more: the guest's queue takes them, and what it reads of 1 MiB at a time is right.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
image=$(make_image i.img 32)
dd if=/dev/urandom of="$image" bs=1M count=16 conv=notrunc status=none
start_idle_guest i "$(disk xvda "$image")"
segments=$(guest_must i 'cat /sys/block/xvda/queue/max_segments' | tail -n 1)
[ "$segments" -gt 11 ] || fail "the guest's requests have at most $segments segments; offered: \
$(xenstore-read "$(backend_dir i 51712)/feature-max-indirect-segments" 2>&1)"
sum=$(guest_must i 'dd if=/dev/xvda bs=1M count=16 iflag=direct 2> /dev/null | md5sum' 180 | tail -n 1)
expect "what the guest reads" "$(head -c 16M "$image" | md5sum)" "$sum"
sum=$(guest_must i 'dd if=/dev/urandom of=/tmp/w bs=1M count=8 2> /dev/null
    dd if=/tmp/w of=/dev/xvda seek=16 bs=1M oflag=direct conv=fsync 2> /dev/null && md5sum < /tmp/w' 180 | tail -n 1)
expect "what is in the image" "$sum" "$(tail -c +16777217 "$image" | head -c 8M | md5sum)"
average=$(guest_must i "awk '{ printf \"%d\n\", (\$3 + \$7) / (\$1 + \$5) / 2 }' /sys/block/xvda/stat" | tail -n 1)
figure "$segments segments a request, $average KiB on average, 24 MiB verified"
ok
