#!/bin/bash
# A disk of kind qdisk, for configurations that cannot name a script: the guest's device model is a stub.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon --kinds qdisk,vbd
image=$(make_image q.img 32)
write_config q loop "vdev=xvda,format=raw,backendtype=qdisk,target=$image"
cat >> /tmp/q.cfg <<CONFIG
device_model_version = 'qemu-xen'
device_model_override = '$DIST/libexec/blkbackd-stub-dm'
CONFIG
xl create /tmp/q.cfg > /tmp/xl.out 2>&1 || fail "xl create: $(grep -m 3 error /tmp/xl.out)"
wait_rounds q 2 180
image_is_open "$image" || fail "the disk is not served by us"
! pgrep -f "qemu-system.* -xen-domid $(xl domid q)" > /dev/null || fail "a QEMU is there"
xl destroy q || fail "xl destroy"
assert_no_leftovers
wait_for 10 image_is_closed "$image" || fail "the image is still open"

# The other kind is served at the same time.
start_guest v loop "$(disk xvda "$image")"
wait_rounds v 1 120
ok
