#!/bin/bash
# Killed at random moments of a guest's verified writes, also while it recovers, the daemon loses nothing; the state stays 4.
# host: --systemd
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/package.inc"
. "$(dirname "$0")/recovery.inc"
serve_packaged
start_guest r loop "$(disk xvda "$(make_image r.img 32)")"
wait_rounds r 2 300
figure "slowest request without a crash $(slowest_since r 0) ms"
watch_state r 51712

kill_daemon() {
    wait_for 60 main_pid || fail "the unit has no process: $(unit ActiveState)/$(unit SubState)"
    kill -KILL "$DAEMON"
}

kill_daemon_twice() {
    kill_daemon
    sleep "$((RANDOM % 12 + 1))"
    kill_daemon
}

for ((i = 1; i <= ROUNDS; i++)); do
    say "crash $i of $ROUNDS"
    if [ $((i % 5)) = 0 ]; then
        interrupt r kill_daemon_twice
    else
        interrupt r kill_daemon
    fi
done
stop_watching
tell_pauses
wait_for 300 unit_is_active || fail "the unit is $(unit ActiveState)/$(unit SubState)"
follow_unit
ok
