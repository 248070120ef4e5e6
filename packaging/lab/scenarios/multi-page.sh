#!/bin/bash
# A guest that asks for large rings gets one of 16 pages: 512 requests instead of 32.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
start_daemon
GUEST_EXTRA=xen_blkfront.max_ring_page_order=4
start_idle_guest p "$(disk xvda "$(make_image p.img 32)")"
order=$(xenstore-read "/local/domain/$(xl domid p)/device/vbd/51712/ring-page-order" 2>&1)
case $order in
    [1-9]) ;;
    *) fail "the ring has one page: ring-page-order is '$order'; offered: \
$(xenstore-read "$(backend_dir p 51712)/max-ring-page-order" 2>&1)" ;;
esac
say "$(guest_must p 'tester /dev/xvda 16 128 5' 300)"
figure "ring of $((1 << order)) pages"
ok
