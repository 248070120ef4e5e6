#!/bin/bash
# A guest shut down under I/O ends promptly and leaves nothing behind.
. "$(dirname "$0")/functions.sh"
start_daemon
start_guest s loop "$(disk xvda "$(make_image s.img 32)")"
wait_rounds s 2 180
xl shutdown s || fail "xl shutdown"
wait_gone s 60
ok
