#!/bin/bash
# While storage does not answer for a minute, its disk waits; other disks of the guest are used, attached and detached.
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/storage.inc"
needs_blkbackd
start_daemon
make_mapped dead 16
start_guest d loop "$(disk xvda "$(make_image a.img 32)")" "$(disk xvdb /dev/mapper/dead)" "$(disk xvdc "$(make_image c.img 8)")"
wait_rounds d 2 300
guest_tries d xvdb
guest_tries d xvdc
slowest() {
    grep -a 'GUEST: round' "$CONSOLES/guest-d.log" | tail -n "$1" | sed -n 's/.*slowest=\([0-9]*\).*/\1/p' | sort -n | tail -n 1
}
alive=$(slowest 2)

run dmsetup suspend --noudevsync --nolockfs --noflush dead
began=$SECONDS
in_background d xvdb 8
wait_rounds d 2 180
figure "slowest request of another disk $(slowest 2) ms, before $alive ms"
is_verified d xvdb && fail "the guest's writes ended on dead storage"
detach d xvdc
figure "another disk detached after $((SECONDS - began)) s of dead storage"
attach d "$(disk xvdd "$(make_image d.img 8)")"
guest_tries d xvdd
while [ $((SECONDS - began)) -lt 60 ]; do sleep 1; done
is_verified d xvdb && fail "the guest's writes ended on dead storage"
dead=$((SECONDS - began))
run dmsetup resume --noudevsync --noudevrules dead
assert_verified d xvdb 120
figure "dead for $dead s"
expect "I/O errors in the guest" 0 "$(guest_errors d)"
wait_rounds d 1 180
run xl destroy d
assert_no_leftovers
drop_mapped
ok
