#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# footprint.sh: starts the daemon on a simulated host, lets a simulated guest in another process connect one disk and do
# verified I/O, and prints the daemon's time from start to ready and its resident memory while the disk is in use.
set -eu
dist=$("$(dirname "$(readlink -f "$0")")/dist")
host=$(mktemp -d)
daemon=
guest=

finish() {
    for pid in $daemon $guest; do
        kill "$pid" 2> /dev/null || true
    done
    wait
    rm -rf "$host"
}
trap finish EXIT

# wait_for COMMAND...: until it succeeds, at most 30 s
wait_for() {
    local tries=300
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "footprint: gave up waiting: $*" >&2; cat "$host"/*.log >&2; exit 1; }
        sleep 0.1
    done
}

"$dist/bin/blkbackd" demo --host "$host" --image "$host/disk.img" --size 64M --engine direct --seconds 6 \
    > "$host/guest.log" 2>&1 &
guest=$!
wait_for test -S "$host/xenstored/socket"
"$dist/bin/blkbackd" serve --xen "sim:$host" > "$host/daemon.log" 2>&1 &
daemon=$!
wait_for grep -q ' serves direct:' "$host/daemon.log"
sleep 3
echo "from start to ready: $(sed -n 's/.*ready in \([0-9]* ms\).*/\1/p' "$host/daemon.log")"
echo "resident memory with one connected disk: $(awk '/^VmRSS/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$daemon/status")"
wait "$guest" || { cat "$host/guest.log"; exit 1; }
guest=
