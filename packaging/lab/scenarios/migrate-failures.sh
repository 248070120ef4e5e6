#!/bin/bash
# A migration between two hosts fails at each step: the guest goes on at one of them, or is held where nobody can know.
# host: --hvm --disk SHARED
# peer: --hvm --disk SHARED
# limit: 3600
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/peers.inc"
begin_shared
watch $SHARED_DISK
start_mobile g "$(disk xvda $SHARED_DISK direct)"

# fails_here COMMAND: xl migrate with this receiver fails
fails_here() {
    xl migrate -s '' g "$1" > /tmp/xl.out 2>&1 && fail "it has migrated: $1"
    say "xl: $(grep -a -i -m 3 -E 'fail|undefined|resum' /tmp/xl.out | tr '\n' ';')"
}

say "before GO: the other host has no daemon"
on peer stop_daemon
fails_here "ssh peer xl migrate-receive"
assert_is_at run g
on peer start_with_peer || fail "no daemon on the other host"
figure "no daemon there: goes on at the source"

say "before GO: the receiving xl is killed"
fails_here "ssh peer python3 $SHARE/scenarios/receive.py no-ready"
on peer xl destroy g--incoming
assert_is_at run g
figure "killed before GO: goes on at the source"

say "after GO: the receiver cannot have the name"
on peer paused_namesake g || fail "no second guest g on the other host"
fails_here "ssh peer xl migrate-receive"
on peer xl destroy g
assert_is_at run g
figure "failed after GO: goes on at the source"

say "after GO: the network is out for 20 s while the new host asks the old one"
run xl migrate -s '' g "ssh peer python3 $SHARE/scenarios/receive.py cut 20"
assert_is_at peer g
log_has peer 'waits for the image: peer run .* does not answer' || fail "the destination did not wait for the source's answer"
say "peer: $(grep 'waits for the image' "$(log_of peer)" | tail -n 1 | cut -d ' ' -f 3-)"
figure "network out: goes on at the destination"
on peer run xl migrate g run || fail "on the other host: xl migrate g run"
assert_is_at run g

say "after GO: the receiving xl is killed, its guest runs, and the source is not told"
fails_here "ssh peer python3 $SHARE/scenarios/receive.py no-report"
xl domid g--migratedaway > /dev/null || fail "the source has no g--migratedaway: $(xl list | tr '\n' ';')"
assert_is_at peer g
image_is_closed $SHARED_DISK || fail "the source has the image open"
run xl destroy g--migratedaway
wait_rounds g 2 400
figure "report lost: goes on at the destination"
on peer run xl migrate g run || fail "on the other host: xl migrate g run"
assert_is_at run g

say "after GO: the same, and its guest is destroyed"
fails_here "ssh peer python3 $SHARE/scenarios/receive.py no-report"
on peer run xl destroy g
image_is_closed $SHARED_DISK || fail "the source has the image open"
on peer wait_for 15 image_is_closed $SHARED_DISK || fail "the destination has the image open"
if xl help | grep -q '^ *resume '; then
    run xl resume g--migratedaway
    wait_rounds g 2 400
    figure "destination destroyed: resumed at the source"
fi
run xl destroy g--migratedaway
start_mobile g "$(disk xvda $SHARED_DISK direct)"
figure "destination destroyed: the guest boots again at the source"
assert_never_both
end
