#!/bin/bash
# Two hosts share a disk and no locks: a host with a wrong certificate, and one that is down, make a guest wait, and say why.
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
run blkbackctl migrate-check g/xvda peer
say "migrate-check: $(cat /tmp/xl.out)"

say "a host that proves its name by nobody whom the other trusts"
on peer stop_daemon
make_authority "$PEERS/stranger"
make_certificate peer "$PEERS/stranger"
on peer start_with_peer || fail "no daemon on the other host"
blkbackctl migrate-check g/xvda peer > /tmp/xl.out 2>&1 && fail "migrate-check is content with a stranger"
say "migrate-check: $(cat /tmp/xl.out)"
run xl migrate g peer
WHERE=peer
told peer 'its guest waits for the image: peer run .* does not answer'
say "the other: $(grep -m 1 'turned away' "$(log_of run)" | cut -d ' ' -f 3-)"
image_is_closed $SHARED_DISK || fail "the old host has it open"
on peer image_is_closed $SHARED_DISK || fail "the new host has opened it"
make_certificate peer "$PEERS/authority"
assert_is_at peer g
figure "a wrong certificate: the guest waited, and went on with the right one"
assert_never_both

say "a host that is down, while a guest is restored"
on peer run xl migrate g run || fail "on the other host: xl migrate g run"
assert_is_at run g
run xl save g /var/tmp/g.save
on peer stop_daemon
: > "$DAEMON_LOG"
run xl restore /var/tmp/g.save
told run "its guest waits for the image: peer peer .* does not answer: .*blkbackctl peers --fenced peer"
run blkbackctl peers --fenced peer
assert_is_at run g
figure "a host that was down: the guest waited for 'peers --fenced'"
on peer start_with_peer || fail "no daemon on the other host"
move g
assert_never_both
end
