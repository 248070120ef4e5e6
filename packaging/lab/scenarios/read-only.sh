#!/bin/bash
# A disk with access=ro is read as it is and cannot be written; its image is opened only for reading.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
start_idle_guest r "$(disk xvda "$(make_image r.img 32)")"
second=$(make_image s.img 8)
dd if=/dev/urandom of="$second" bs=1M count=8 conv=notrunc status=none
before=$(md5sum < "$second")
chmod 444 "$second"
attach r "$(disk xvdb "$second" direct access=ro)"
guest_must r 'wait_disk xvdb' > /dev/null
expect "what the guest reads" "$before" "$(guest_must r 'dd if=/dev/xvdb bs=1M iflag=direct 2> /dev/null | md5sum' 60 | tail -n 1)"
expect "the guest's own view (ro)" 1 "$(guest_must r 'cat /sys/block/xvdb/ro' | tail -n 1)"
in_guest r 'dd if=/dev/zero of=/dev/xvdb bs=4k count=1 oflag=direct' > /dev/null && fail "the guest wrote to it"
for fd in $(find "/proc/$DAEMON/fd" -lname "$second" -printf '%f\n'); do
    case $(sed -n 's/^flags:[[:space:]]*0*\([0-9]*\)$/\1/p' "/proc/$DAEMON/fdinfo/$fd") in
        *0) ;;
        *) fail "the image is open for writing" ;;
    esac
done
expect "the image" "$before" "$(md5sum < "$second")"
figure "8 MiB read, no write"
ok
