#!/bin/bash
# A guest that panics under I/O: on_crash=restart brings it back with its disk, on_crash=destroy leaves nothing.
. "$(dirname "$0")/functions.sh"
start_daemon
image=$(make_image c.img 32)
write_config c loop "$(disk xvda "$image")"
sed -i "s/^on_crash.*/on_crash = 'restart'/" /tmp/c.cfg
run xl create /tmp/c.cfg
wait_rounds c 2 300
before=$(xl domid c)
in_guest c 'echo c > /proc/sysrq-trigger' 5 > /dev/null
wait_for 180 guest_says c "up" 2 || fail "it does not come back"
say "back after a panic"
wait_rounds c 2 180
[ "$(xl domid c)" != "$before" ] || fail "it was not restarted"
run xl destroy c
assert_no_leftovers
start_guest k loop "$(disk xvda "$image")"
wait_rounds k 1 180
in_guest k 'echo c > /proc/sysrq-trigger' 5 > /dev/null
wait_gone k 120
assert_no_leftovers
figure "restart and destroy"
ok
