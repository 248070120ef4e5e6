#!/bin/bash
# A CD is read; an empty drive does not hold up the guest's boot.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
cd=$(make_image cd.iso 8)
dd if=/dev/urandom of="$cd" bs=1M count=8 conv=notrunc status=none
start_idle_guest f "$(disk xvda "$(make_image f.img 32)")" \
    "vdev=xvdc,devtype=cdrom,format=raw,script=block-blkbackd,target=direct:$cd"
guest_must f 'wait_disk xvdc' > /dev/null
expect "what the guest reads" "$(md5sum < "$cd")" "$(guest_must f 'dd if=/dev/xvdc bs=1M 2> /dev/null | md5sum' 60 | tail -n 1)"
expect "the guest's own view (ro)" 1 "$(guest_must f 'cat /sys/block/xvdc/ro' | tail -n 1)"
run xl destroy f
assert_no_leftovers

# libxl has an empty drive only as kind qdisk
start_daemon --kinds qdisk,vbd
began=$SECONDS
write_config e idle "$(disk xvda "$(make_image e.img 32)")" "vdev=xvdc,devtype=cdrom,format=raw,target="
cat >> /tmp/e.cfg <<CONFIG
device_model_version = 'qemu-xen'
device_model_override = '$DIST/libexec/blkbackd-stub-dm'
CONFIG
run xl create /tmp/e.cfg
wait_guest e disk 240
took=$((SECONDS - began))
xenstore-ls -f "$BACKEND/qdisk"
[ $took -lt 60 ] || fail "a guest with an empty drive took $took s to boot"
figure "boot with an empty drive $took s"
ok
