#!/bin/bash
# A PVH guest: verified writes, a reboot; and what xl says of cd-eject and cd-insert.
# host: --hvm
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
start_daemon
start_pvh p "$(disk xvda "$(make_image p.img 32)")"
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
