#!/bin/bash
# systemctl restart, or stop and start, is a pause to a guest under verified writes, and nothing else.
# host: --systemd
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/package.inc"
. "$(dirname "$0")/recovery.inc"
serve_packaged
start_guest r loop "$(disk xvda "$(make_image r.img 32)")"
wait_rounds r 2 300
figure "slowest request without a restart $(slowest_since r 0) ms"
watch_state r 51712

stop_and_start() {
    systemctl stop blkbackd && sleep 3 && serves_again systemctl start blkbackd
}

for ((i = 1; i <= ROUNDS; i++)); do
    say "restart $i of $ROUNDS"
    if [ $((i % 5)) = 0 ]; then
        interrupt r stop_and_start
    else
        interrupt r serves_again systemctl restart blkbackd
    fi
done
stop_watching
tell_pauses
follow_unit
ok
