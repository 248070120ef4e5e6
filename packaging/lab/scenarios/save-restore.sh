#!/bin/bash
# A guest saved under verified writes lets go of its image, and goes on with them when it is restored.
. "$(dirname "$0")/functions.sh"
start_daemon
image=$(make_image m.img 32)
start_guest m loop "$(disk xvda "$image")"
wait_rounds m 2 180
xl save m "$IMAGES/m.save" > /tmp/xl.out 2>&1 || fail "xl save: $(grep -m 3 error /tmp/xl.out)"
say "saved"
assert_no_leftovers
xl restore "$IMAGES/m.save" > /tmp/xl.out 2>&1 || fail "xl restore: $(grep -m 3 error /tmp/xl.out)"
say "restored"
wait_rounds m 3 120
ok
