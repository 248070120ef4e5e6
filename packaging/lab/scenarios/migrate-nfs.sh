#!/bin/bash
# A PVH guest under verified writes migrates between two hosts over NFS, there and back, both engines; locks keep them apart.
# host: --hvm
# peer: --hvm
# limit: 3600
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/nfs.inc"
begin_nfs
for engine in direct buffered; do
    migrates $engine "$(nfs_image $engine.img 32)"
done
end
