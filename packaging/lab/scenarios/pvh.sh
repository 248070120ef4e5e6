#!/bin/bash
# A PVH guest: verified writes, a reboot; and what xl says of cd-eject and cd-insert.
# host: --hvm
. "$(dirname "$0")/functions.sh"
start_daemon
GUEST_LINES="type = 'pvh'
tsc_mode = 'native'"
image=$(make_image p.img 32)
# The emulated SVM now and then ends a PVH guest with a triple fault, before its kernel says a word.
for attempt in 1 2 3 4; do
    start_guest p loop "$(disk xvda "$image")"
    wait_for 120 guest_says_or_is_gone p "up"
    guest_says p "up" && break
    say "attempt $attempt: $(xl dmesg | grep -c 'Triple fault') triple faults so far"
done
guest_says p "up" || skip "the emulated SVM ended $attempt guests with triple faults; a host with real SVM or VMX would run it"
wait_rounds p 2 400
run xl reboot p
wait_for 240 guest_says p "up" 2 || fail "it does not come back"
wait_rounds p 1 240
for verb in "cd-eject p hdc" "cd-insert p hdc $(make_image cd.iso 4)"; do
    # shellcheck disable=SC2086  # several words
    xl $verb > /tmp/xl.out 2>&1
    say "xl $verb: status $?, $(head -n 1 /tmp/xl.out)"
done
ok
