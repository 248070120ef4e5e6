#!/bin/bash
# A new daemon takes the disks over from the old one under a guest's verified writes; it sees a short pause, and nothing else.
# host: --systemd
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/package.inc"
. "$(dirname "$0")/recovery.inc"
serve_packaged
start_guest r loop "$(disk xvda "$(make_image r.img 32)")" "$(disk xvdb "$(make_image s.img 8)")"
wait_rounds r 2 300
figure "slowest request without a hand-over $(slowest_since r 0) ms"
watch_state r 51712

is_taken_over() {
    [ "$(unit MainPID)" != "$old" ] && [ "$(unit MainPID)" != 0 ] && ! kill -0 "$old" 2> /dev/null
}

# reload TEXT: the unit's process is another one afterwards, and the old one is gone
reload() {
    old=$(unit MainPID)
    systemctl reload blkbackd || return 1
    wait_for 120 is_taken_over || fail "after a reload the unit's process is $(unit MainPID), before it $old"
    say "$old has handed over to $(unit MainPID)"
}

for ((i = 1; i <= ROUNDS; i++)); do
    say "hand-over $i of $ROUNDS"
    interrupt r reload
    guest_tries r xvdb
done
stop_watching
tell_pauses
follow_unit
ok
