#!/bin/bash
# A guest saved under verified writes on one host is restored on another, over NFS, and back.
# host: --hvm
# peer: --hvm
# limit: 1800
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/twohosts.inc"
. "$(dirname "$0")/nfs.inc"
# Not in the share: 9p cannot take the pages of another domain.
saved=$NFS/g.save
begin_nfs
image=$(nfs_image saved.img 32)
watch "$image"
start_mobile g "$(disk xvda "$image" direct)"
for host in peer run; do
    on "$WHERE" run xl save g "$saved" || fail "xl save on host $WHERE"
    on "$WHERE" image_is_closed "$image" || fail "host $WHERE has the image of a saved guest open"
    on $host run xl restore "$saved" || fail "xl restore on host $host"
    assert_is_at $host g
    say "restored on $host"
done
rm -f "$saved"
assert_never_both
end
