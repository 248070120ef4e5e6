#!/bin/bash
# An image file and a logical volume grow while the guest writes to them: it sees the new size, and loses nothing.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
file=$(make_image g.img 32)
truncate -s 128M "$IMAGES/pv.img"
loop=$(losetup --show -f "$IMAGES/pv.img")
trap 'vgremove -qqf labvg > /dev/null 2>&1; losetup -d "$loop"; fail "ended early"' EXIT
run vgcreate -q labvg "$loop"
run lvcreate -q -y -Zn -Wn --noudevsync -L 32M -n lv labvg
vgmknodes -q > /dev/null 2>&1
start_guest g loop "$(disk xvda "$file")" "$(disk xvdb /dev/labvg/lv)"
wait_rounds g 1 300
guest_must g 'try_disk xvdb' 120
domid=$(xl domid g)

# grown VDEV SECTORS: the guest sees that size
grown() {
    wait_for 30 guest_has_sectors "$@" || fail "$1 has $(in_guest g "cat /sys/block/$1/size" | tail -n 1) sectors, not $2"
    say "$1 has $2 sectors"
}

guest_has_sectors() {
    [ "$(in_guest g "cat /sys/block/$1/size" | tail -n 1)" = "$2" ]
}

blkbackctl resize "$domid/xvda" 64M || fail "blkbackctl resize $domid/xvda 64M"
grown xvda 131072
truncate -s 96M "$file"
blkbackctl resize "$domid/xvda" || fail "blkbackctl resize $domid/xvda"
grown xvda 196608
run lvextend -q --noudevsync -L 64M labvg/lv
blkbackctl resize "g/xvdb" || fail "blkbackctl resize g/xvdb"
grown xvdb 131072
blkbackctl resize "$domid/xvda" 32M && fail "the disk was made smaller"
guest_must g 'dd if=/dev/urandom of=/tmp/w bs=64k count=16 2> /dev/null
    dd if=/tmp/w of=/dev/xvda bs=1M seek=95 oflag=direct conv=fsync && dd if=/tmp/w of=/dev/xvdb bs=1M seek=63 oflag=direct conv=fsync &&
    dd if=/dev/xvda of=/tmp/r bs=1M skip=95 iflag=direct && cmp /tmp/w /tmp/r' 120 > /dev/null
wait_rounds g 2 180
run xl destroy g
wait_for 10 image_is_closed "$(readlink -f /dev/labvg/lv)" || fail "the volume is still open"
trap 'fail "ended early"' EXIT
run vgremove -qf labvg
losetup -d "$loop"
figure "32 to 96 MiB (file), 32 to 64 MiB (LV)"
ok
