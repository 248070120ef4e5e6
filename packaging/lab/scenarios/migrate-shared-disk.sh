#!/bin/bash
# A PVH guest under verified writes migrates between two hosts that share a disk and no locks: their daemons ask each other.
# host: --hvm --disk SHARED
# peer: --hvm --disk SHARED
# limit: 3600
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/peers.inc"
begin_shared
for engine in direct buffered; do
    migrates $engine $SHARED_DISK
done
end
