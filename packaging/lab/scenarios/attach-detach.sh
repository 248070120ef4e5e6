#!/bin/bash
# A second disk comes, is written, read back and goes, twenty times in a row (LAB_ROUNDS says how often).
. "$(dirname "$0")/functions.sh"
rounds=${LAB_ROUNDS:-20}
start_daemon
start_idle_guest a "$(disk xvda "$(make_image a.img 32)")"
second=$(make_image b.img 8)
for i in $(seq "$rounds"); do
    attach a "$(disk xvdb "$second")"
    guest_tries a xvdb
    detach a xvdb
    guest_must a "wait_no_disk xvdb"
    [ -z "$DAEMON" ] || wait_for 10 image_is_closed "$second" || fail "the image is open after detach $i"
    assert_no_leftovers
done
figure "$rounds times"
ok
