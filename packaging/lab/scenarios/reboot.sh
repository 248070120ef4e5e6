#!/bin/bash
# A guest rebooted under I/O comes back with its disk.
. "$(dirname "$0")/functions.sh"
start_daemon
start_guest r loop "$(disk xvda "$(make_image r.img 32)")"
wait_rounds r 2 180
before=$(xl domid r)
xl reboot r || fail "xl reboot"
wait_for 120 guest_says r "up" 2 || fail "it does not come back"
say "back"
wait_rounds r 2 120
[ "$(xl domid r)" != "$before" ] || fail "it was not rebooted"
ok
