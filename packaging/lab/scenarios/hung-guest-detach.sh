#!/bin/bash
# A disk is taken from a guest that does not answer: forced, in seconds, and nothing is left.
. "$(dirname "$0")/functions.sh"
start_daemon
second=$(make_image s.img 8)
start_guest h loop "$(disk xvda "$(make_image h.img 32)")" "$(disk xvdb "$second")"
wait_rounds h 1 300
guest_must h 'try_disk xvdb' 120
run xl pause h
began=$SECONDS
run xl block-detach -f h xvdb
figure "detached after $((SECONDS - began)) s"
[ -z "$DAEMON" ] || wait_for 15 image_is_closed "$second" || fail "the image is still open"
if [ -n "$(xenstore-read "$(backend_dir h 51728)/state" 2> /dev/null)" ]; then fail "the backend's node is still there"; fi
run xl unpause h
wait_rounds h 1 180
ok
