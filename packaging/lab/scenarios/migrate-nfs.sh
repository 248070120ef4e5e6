#!/bin/bash
# A PVH guest under verified writes migrates between two hosts over NFS, there and back, both engines; locks keep them apart.
# host: --hvm
# peer: --hvm
# limit: 3600
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/nfs.inc"
begin
mount_nfs 4.2
at_once start_daemon
for engine in direct buffered; do
    image=$(nfs_image $engine.img 32)
    watch "$image"
    start_mobile g "$(disk xvda "$image" $engine)"
    wait_rounds g 2 400
    there_and_back g
    assert_never_both
    tell_moves $engine
    on "$WHERE" run xl destroy g || fail "xl destroy g"
done
end
