#!/bin/bash
# What cannot be served is refused in one clear line, in xl and in the log; another disk goes on meanwhile; and once the
# cause is mended, the disk attaches without a restart of the daemon.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
start_guest g loop "$(disk xvda "$(make_image g.img 32)")"
wait_rounds g 1 180
DOMID=$(xl domid g)
XVDB=51728

# refused WHAT TARGET PATTERN: xl block-attach fails, with the pattern in exactly one line of its own and of the log
refused() {
    local logged
    logged=$(grep -c -E "$3" "$DAEMON_LOG")
    if xl block-attach g "vdev=xvdb,format=raw,script=block-blkbackd,target=$2" > /tmp/xl.out 2>&1; then
        fail "$1: attached all the same"
    fi
    [ "$(grep -c -E "$3" /tmp/xl.out)" = 1 ] || fail "$1: xl says $(tr '\n' ';' < /tmp/xl.out)"
    [ "$(grep -c -E "$3" "$DAEMON_LOG")" = $((logged + 1)) ] || fail "$1: not one line in the log"
    say "$1: $(grep -m 1 -E "$3" /tmp/xl.out)"
    forget_second_disk
}

# xl leaves a failed attach's nodes where they are
forget_second_disk() {
    xenstore-rm "/local/domain/$DOMID/device/vbd/$XVDB" 2> /dev/null
    xenstore-rm "$BACKEND/vbd/$DOMID/$XVDB" 2> /dev/null
    xenstore-rm "/libxl/$DOMID/device/vbd/$XVDB" 2> /dev/null
    sleep 0.5
}

mkdir -p "$IMAGES/folder" "$IMAGES/sealed"
refused "a missing image" "direct:$IMAGES/missing.img" "missing.img: there is no such file"
refused "a folder" "direct:$IMAGES/folder" "folder: this is a directory"
refused "an unknown scheme" "nosuch:/x" 'no scheme "nosuch"'
refused "a relative path" "direct:a.img" "give an absolute path"

truncate -s 8M "$IMAGES/sealed/s.img"
mount --bind "$IMAGES/sealed" "$IMAGES/sealed" && mount -o remount,bind,ro "$IMAGES/sealed"
refused "a read-only file system" "direct:$IMAGES/sealed/s.img" "opened for writing but .*s.img is read-only"
umount "$IMAGES/sealed"
loop=$(losetup --read-only --show -f "$IMAGES/sealed/s.img")
refused "a read-only device" "direct:$loop" "opened for writing but $loop is read-only"
losetup -d "$loop"

# garbage WHAT NODE VALUE: a device made by hand with one node spoilt; the daemon must refuse it within 10 s
garbage() {
    local be=$BACKEND/vbd/$DOMID/$XVDB fe=/local/domain/$DOMID/device/vbd/$XVDB
    xenstore-write "$fe/backend" "$be" "$fe/backend-id" 0 "$fe/state" 1 "$fe/virtual-device" $XVDB \
        "$fe/device-type" disk "$be/frontend" "$fe" "$be/frontend-id" "$DOMID" "$be/online" 1 "$be/removable" 0 \
        "$be/bootable" 1 "$be/dev" xvdb "$be/type" phy "$be/mode" w "$be/device-type" disk \
        "$be/script" /etc/xen/scripts/block-blkbackd "$be/params" "direct:$IMAGES/g2.img" "$be/$2" "$3" "$be/state" 1
    wait_for 10 xenstore_says "$be/blkbackd-status" error || fail "$1: status $(xenstore-read "$be/blkbackd-status" 2>&1)"
    say "$1: $(xenstore-read "$be/hotplug-error")"
    forget_second_disk
}

xenstore_says() {
    [ "$(xenstore-read "$1" 2> /dev/null)" = "$2" ]
}

make_image g2.img 8 > /dev/null
garbage "a mode that is none" mode x
garbage "no target" params ""
garbage "a target with a control character" params "$(printf 'direct:/a\tb')"
garbage "a very long target" params "direct:/$(printf '%01500d' 0)"
garbage "another's domain" frontend-id 77
garbage "a device type that is none" device-type tape

wait_rounds g 1 60
make_image missing.img 8 > /dev/null
attach g "$(disk xvdb "$IMAGES/missing.img")"
guest_tries g xvdb
wait_rounds g 1 60

write_config c idle "$(disk xvda "$IMAGES/none.img")"
xl create /tmp/c.cfg > /tmp/xl.out 2>&1 && fail "xl create without an image went well"
grep -q "none.img: there is no such file" /tmp/xl.out || fail "xl create says $(tr '\n' ';' < /tmp/xl.out)"
ok
