#!/bin/bash
# A guest under verified writes migrates from blkbackd to a host that serves it with QEMU's qdisk, and back, over NFS.
# host: --hvm
# peer: --hvm
# limit: 1800
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/nfs.inc"
begin_nfs
image=$(nfs_image stock.img 32)
start_mobile g "$(disk xvda "$image" direct)"
cp /tmp/g.cfg "$SHARE/ours.cfg"
sed "s|^disk = .*|disk = [ '$(LAB_BACKEND=qemu disk xvda "$image")' ]|" /tmp/g.cfg > "$SHARE/stock.cfg"

run xl migrate -C "$SHARE/stock.cfg" g peer
WHERE=peer
image_is_closed "$image" || fail "the old host has the image open"
wait_rounds g 2 400
figure "from blkbackd to qdisk"
on peer run xl migrate -C "$SHARE/ours.cfg" g run || fail "on the other host: xl migrate g run"
assert_is_at run g
figure "from qdisk to blkbackd"
end
