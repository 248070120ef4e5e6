#!/bin/bash
# Two hosts share a disk and no locks: no guest comes to one with a wrong certificate, and one that is down is waited for.
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
# It does not migrate, and xl says why; the emulated SVM may end a guest at any time.
until ! xl migrate g peer > /tmp/xl.out 2>&1 && grep -a -q "does not accept this host's certificate" /tmp/xl.out; do
    if is_running g || on peer is_running g; then
        fail "xl does not say why it has not migrated, or it has: $(tail -n 5 /tmp/xl.out)"
    fi
    replace_mobile g
done
say "xl: $(grep -a -m 1 'does not accept' /tmp/xl.out)"
say "the other: $(grep -m 1 'turned away' "$(log_of run)" | cut -d ' ' -f 3-)"
assert_is_at run g
figure "a wrong certificate: goes on at the source"
make_certificate peer "$PEERS/authority"
bring peer g
assert_never_both

say "a host that is down, while a guest is restored"
bring run g
run xl save g /var/tmp/g.save
on peer stop_daemon
: > "$DAEMON_LOG"
run xl restore /var/tmp/g.save
told run "its guest waits for the image: peer peer .* does not answer: .*blkbackctl peers --fenced peer"
run blkbackctl peers --fenced peer
assert_is_at run g
figure "a host that was down: the guest waited for 'peers --fenced'"
on peer start_with_peer || fail "no daemon on the other host"
bring peer g
assert_never_both
end
