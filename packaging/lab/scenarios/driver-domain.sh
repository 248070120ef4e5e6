#!/bin/bash
# A second domain runs the daemon and serves a disk to a guest; after a detach its nodes are gone within 10 s.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
mkdir -p "$IMAGES"
tar cf "$IMAGES/dist.tar" -C "$DIST" .
write_config drv idle "vdev=xvda,format=raw,access=ro,script=block-blkbackd,target=buffered:/dev/sdb" \
    "vdev=xvdb,format=raw,access=ro,script=block-blkbackd,target=buffered:$IMAGES/dist.tar" \
    "$(disk xvdc "$(make_image served.img 32)")"
initrd=$(echo /boot/initrd.img-*)
sed -i -e "s/^extra.*/extra = 'console=hvc0 quiet root=\/dev\/xvda ro init=\/lab\/driver-init'/" \
    -e "s/^memory.*/memory = 512/" -e "s/^ramdisk.*/ramdisk = '${initrd//\//\\/}'/" /tmp/drv.cfg
echo "driver_domain = 1" >> /tmp/drv.cfg
run xl create /tmp/drv.cfg
driver_says() {
    grep -a -q -E "$1" "$CONSOLES/guest-drv.log"
}
began=$SECONDS
wait_for 300 driver_says "DRIVER: up" || fail "the driver domain does not come up"
wait_for 300 driver_says "ready in" || fail "its daemon is not ready"
figure "driver domain ready in $((SECONDS - began)) s"
drv=$(xl domid drv)
BACK=/local/domain/$drv/backend/vbd

write_config g loop "vdev=xvda,format=raw,script=block-blkbackd,backend=drv,target=direct:/dev/xvdc"
(sleep 2; say "while xl create runs:"; xenstore-ls -fp "$BACK"; xenstore-ls -fp /local/domain/$drv/device/vbd | head -n 5) &
began=$SECONDS
xl -vvv create /tmp/g.cfg > /tmp/xl.out 2>&1
status=$?
wait
say "after xl create, status $status:"
xenstore-ls -fp "$BACK"
if [ $status != 0 ]; then
    grep -v "^xc: " /tmp/xl.out | tail -n 40
    fail "xl create: $(grep -m 3 -i error /tmp/xl.out | tr '\n' ';')"
fi
figure "created in $((SECONDS - began)) s"
wait_rounds g 2 300

# A second disk comes and goes: what the driver domain leaves of it.
attach g "vdev=xvdb,format=raw,script=block-blkbackd,backend=drv,access=ro,target=buffered:/dev/xvda"
guest_must g 'wait_disk xvdb && dd if=/dev/xvdb of=/dev/null bs=64k count=16' 120 > /dev/null
began=$SECONDS
xl block-detach g xvdb > /tmp/xl.out 2>&1 || fail "xl block-detach: $(tr '\n' ';' < /tmp/xl.out)"
figure "detached in $((SECONDS - began)) s"
xenstore-ls -f "$BACK"
[ -z "$(xenstore-read "$BACK/$(xl domid g)/51728/state" 2> /dev/null)" ] || fail "its node is still there after the detach"
began=$SECONDS
run xl destroy g
took=$((SECONDS - began))
grep -a -E "WARN|ERROR" "$CONSOLES/guest-drv.log" | tail -n 5
# libxl gives the driver domain 10 s to remove the nodes, and then does it itself
[ $took -lt 9 ] || fail "xl destroy took $took s: the daemon did not remove its nodes"
figure "destroyed in $took s"
no_node() {
    [ -z "$(xenstore-list "$BACK" 2> /dev/null)" ]
}
wait_for 15 no_node || fail "nodes in the driver domain: $(xenstore-ls -f "$BACK" | head -n 5 | tr '\n' ';')"
ok
