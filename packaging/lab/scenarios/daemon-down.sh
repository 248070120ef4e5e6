#!/bin/bash
# Without the daemon xl create fails and leaves nothing behind: by libxl's own time limit of 10 s, or, where xen-blkback
# has brought the device to state 2, so that libxl calls the hot-plug script, in half of that and with a reason.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
install_dist
stop_daemon
write_config n idle "$(disk xvda "$(make_image n.img 8)")"

# fails_to_create SECONDS: xl create fails within them
fails_to_create() {
    local began=$SECONDS
    xl create /tmp/n.cfg > /tmp/xl.out 2>&1 && fail "xl create went well without a daemon"
    say "xl create failed after $((SECONDS - began)) s: $(grep -m 1 error: /tmp/xl.out)"
    [ $((SECONDS - began)) -le "$1" ] || fail "xl create took $((SECONDS - began)) s to fail"
    assert_no_leftovers
}

fails_to_create 40
load_blkback
fails_to_create 30
[ "$(grep -c "blkbackd does not answer for .*: is it running?" /tmp/xl.out)" = 1 ] \
    || fail "xl says $(tr '\n' ';' < /tmp/xl.out)"
ok
