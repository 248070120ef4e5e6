#!/bin/bash
# blkbackctl against a live guest: list, show, stats, version, and one line for what is wrong.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
install_dist
command -v blkbackctl > /dev/null || fail "there is no blkbackctl"
start_daemon
start_idle_guest t "$(disk xvda "$(make_image t.img 32)")"
domid=$(xl domid t)

# asked COMMAND...: what blkbackctl says to it, in /tmp/out
asked() {
    blkbackctl "$@" > /tmp/out 2>&1 || fail "blkbackctl $*: $(cat /tmp/out)"
    say "blkbackctl $*:"
    cut -c1-200 /tmp/out
}

writes() {
    asked stats --json "$domid/xvda"
    written=$(sed -n 's/.*"write":{"bytes":\([0-9]*\).*/\1/p' /tmp/out)
}

began=$(now_ms)
asked list
figure "a list takes $(($(now_ms) - began)) ms"
grep -q "t.img" /tmp/out || fail "list does not name the image"
asked show "vbd-$domid-51712"
asked show "t/xvda"
writes
before=$written
say "$(guest_must t 'tester /dev/xvda 4 16 1' 120)"
writes
expect "bytes written" $((before + 4194304)) "$written"
asked version
blkbackctl show nosuch/xvda > /tmp/out 2>&1 && fail "it shows a disk that is none"
expect "the lines of an error" 1 "$(grep -c '' /tmp/out)"    # not wc: it wants instructions that are not emulated
run xl destroy t
assert_no_leftovers
asked list
grep -q "t.img" /tmp/out && fail "the disk is still listed"
ok
