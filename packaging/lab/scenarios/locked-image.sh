#!/bin/bash
# An image that a guest uses is refused by qemu-img; one that another process writes to is refused by us, until it is free.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
ours=$(make_image ours.img 16)
theirs=$(make_image theirs.img 16)
run qemu-img resize -f raw "$ours" 32M
start_idle_guest l "$(disk xvda "$ours")"
guest_tries l xvda
qemu-img resize -f raw "$ours" 64M > /tmp/out 2>&1 && fail "qemu-img changed an image that a guest uses"
grep -q -i "lock" /tmp/out || fail "qemu-img does not speak of a lock: $(cat /tmp/out)"
say "qemu-img: $(cat /tmp/out)"
guest_tries l xvda

qemu-nbd --fork --persistent -f raw -k /tmp/nbd.sock --pid-file=/tmp/nbd.pid "$theirs" || fail "qemu-nbd"
trap 'kill "$(cat /tmp/nbd.pid)"; fail "ended early"' EXIT
logged() {
    grep -c -E 'theirs.img.*(lock|in use|used by)' "$DAEMON_LOG"
}
is_refused() {
    [ "$(logged)" -ge 1 ]
}
attach l "$(disk xvdb "$theirs")"
wait_for 60 is_refused || fail "no line in the log: $(tail -n 5 "$DAEMON_LOG")"
sleep 3
expect "lines in the log" 1 "$(logged)"
say "$(grep -m 1 theirs.img "$DAEMON_LOG")"
[ "$(guest_must l 'cat /sys/block/xvdb/size 2> /dev/null || echo none' | tail -n 1)" = none ] || fail "the guest has the disk"
kill "$(cat /tmp/nbd.pid)"
trap 'fail "ended early"' EXIT
# A guest whose disk did not come is given it again.
run xl block-detach -f l xvdb
attach l "$(disk xvdb "$theirs")"
guest_tries l xvdb
figure "qemu-img refused, and served once free"
run xl destroy l
assert_no_leftovers
run qemu-img resize -f raw "$ours" 48M
ok
