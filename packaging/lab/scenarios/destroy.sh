#!/bin/bash
# A guest destroyed under I/O leaves nothing behind.
. "$(dirname "$0")/functions.sh"
start_daemon
start_guest d loop "$(disk xvda "$(make_image d.img 32)")"
wait_rounds d 2 180
ok
