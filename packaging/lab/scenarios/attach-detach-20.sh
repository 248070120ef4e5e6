#!/bin/bash
# A second disk comes, is written, read back and goes, twenty times in a row.
. "$(dirname "$0")/functions.sh"
start_daemon
start_guest a idle "$(disk xvda "$(make_image a.img 32)")"
wait_guest a "disk" 120
second=$(make_image b.img 8)
for i in $(seq 20); do
    xl block-attach a "$(disk xvdb "$second")" > /tmp/xl.out 2>&1 || fail "attach $i: $(cat /tmp/xl.out)"
    wait_guest a "xvdb ok $i" 60
    xl block-detach a xvdb > /tmp/xl.out 2>&1 || fail "detach $i: $(cat /tmp/xl.out)"
    wait_guest a "xvdb gone $i" 30
    [ -z "$DAEMON" ] || wait_for 10 image_is_closed "$second" || fail "the image is open after detach $i"
    assert_no_leftovers
done
assert_guest_clean a
xl destroy a || fail "xl destroy"
assert_no_leftovers
ok
