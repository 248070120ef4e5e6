#!/bin/bash
# What a broken part of the storage fails, on-error=report tells the guest, and on-error=hold keeps until it goes well.
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/storage.inc"
needs_blkbackd
start_daemon
make_mapped told 16
make_mapped kept 16
broken="8192 24576 error"
map told "0 8192 linear LOOP 0" "$broken"
map kept "0 8192 linear LOOP 0" "$broken"
start_idle_guest e "$(disk xvda "$(make_image a.img 16)")" "$(disk xvdb /dev/mapper/told direct,on-error=report)" \
    "$(disk xvdc /dev/mapper/kept direct,on-error=hold)"
device=vbd-$(xl domid e)-51744
errors_before=$(guest_errors e)

guest_must e 'tester /dev/xvdb 4 16 3' 120 > /dev/null
in_guest e 'tester /dev/xvdb 8 16 3' 120 && fail "the guest was not told of a write that failed"
[ "$(guest_errors e)" -gt "$errors_before" ] || fail "no I/O error in the guest's log"
grep -q -E 'I/O failed.*op=WRITE.*errno=EIO.*told' "$DAEMON_LOG" || fail "no line in the log: $(tail -n 3 "$DAEMON_LOG")"
guest_must e 'tester /dev/xvdb 4 16 4' 120 > /dev/null
figure "report: the guest is told, the rest of the disk works"

errors_before=$(guest_errors e)
in_background e xvdc 8
wait_for 120 holds "$device" || fail "nothing is held"
assert_told "$device" EIO
blkbackctl retry "$device" || fail "blkbackctl retry $device"
sleep 5
wait_for 60 holds "$device" || fail "what is still broken is not held any more"
is_verified e xvdc && fail "the guest's writes ended on broken storage"
guest_tries e xvda
map kept "0 32768 linear LOOP 0"
began=$SECONDS
say "$(blkbackctl retry --all)"
assert_verified e xvdc 120
figure "hold: done $((SECONDS - began)) s after a retry"
wait_for 30 holds_none "$device" || fail "still held: $(held "$device")"
expect "further I/O errors in the guest" "$errors_before" "$(guest_errors e)"
run xl destroy e
assert_no_leftovers
drop_mapped
ERRORS_EXPECTED=e
ok
