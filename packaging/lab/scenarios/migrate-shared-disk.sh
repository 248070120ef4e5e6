#!/bin/bash
# A PVH guest under verified writes migrates between two hosts that share a disk and no locks: their daemons ask each other.
# host: --hvm --disk SHARED
# peer: --hvm --disk SHARED
# limit: 3600
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/peers.inc"
image=/dev/nvme0n1
begin
say "the disk is $(cat /sys/block/nvme0n1/wwid)"
start_peers "wwid:*"
for engine in direct buffered; do
    watch $image
    start_mobile g "$(disk xvda $image $engine)"
    wait_rounds g 2 400
    there_and_back g
    assert_never_both
    tell_moves $engine
    on "$WHERE" run xl destroy g || fail "xl destroy g"
done
end
