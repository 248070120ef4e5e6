#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# handover.sh [DISKS...]: what guests notice of a hand-over. For each number of disks (default: 1 100) it starts the daemon
# on a simulated host, has simulated guests in another process read from every disk all the time, and hands over ROUNDS
# times (default: 10) by 'blkbackctl takeover'. Prints how long the disks were without an answer (p50 and p99 over the disks
# of one hand-over, and the longest), the same for as long without a hand-over, and how long all of it took. Needs a JDK.
set -eu
here=$(dirname "$(readlink -f "$0")")
rounds=${ROUNDS:-10}
host=$(mktemp -d)
# A copy, because the archive is made beside the jars.
dist=$host/dist
cp -a "$("$here/../dist")" "$dist"
"$dist/bin/blkbackd-archive"
: > "$host/empty.conf"
daemon=
guests=

finish() {
    for pid in $daemon $guests; do
        kill "$pid" 2> /dev/null || true
    done
    wait
    rm -rf "$host"
}
trap finish EXIT

fail() {
    echo "handover: $*" >&2
    cat "$host"/*.log >&2
    exit 1
}

# answer: the next line that the guests say
answer() {
    read -r -t 120 line <&3 || fail "the guests say nothing"
    echo "$line"
}

tell() {
    echo "$1" >&4
}

control() {
    "$dist/bin/blkbackctl" --socket "$host/sim/control.sock" "$@"
}

start() {
    rm -rf "$host/sim"
    coproc GUESTS { exec java -XX:TieredStopAtLevel=1 "-Djna.boot.library.path=$dist/lib/native/$(uname -m)" \
        -Djna.nounpack=true -cp "$dist/lib/*" "$here/BusyGuests.java" "$host/sim" "$1" "$2" 2> "$host/guests.log"; }
    guests=$GUESTS_PID
    # Those of a coprocess are closed in subshells.
    exec 3<&"${GUESTS[0]}" 4>&"${GUESTS[1]}"
    [ "$(answer)" = host ] || fail "no host"
    : > "$host/daemon.log"
    "$dist/bin/blkbackd" serve --xen "sim:$host/sim" --config "$host/empty.conf" > "$host/daemon.log" 2>&1 &
    daemon=$!
    until grep -q ' ready in ' "$host/daemon.log"; do
        kill -0 "$daemon" 2> /dev/null || fail "the daemon does not start"
        sleep 0.05
    done
    tell connect
    [ "$(answer)" = connected ] || fail "not connected"
}

stop() {
    kill "$guests" "$daemon"
    wait "$guests" || true
    while kill -0 "$daemon" 2> /dev/null; do
        sleep 0.05
    done
    daemon=
    guests=
}

measure() {
    local disks=$1 pause=$2 round began said
    start "$disks" "$pause"
    echo "$disks disks, each read from every $pause ms:"
    sleep 3
    tell reset
    sleep 3
    tell report
    echo "   without a hand-over, in 3 s: $(answer)"
    for round in $(seq "$rounds"); do
        tell reset
        began=$EPOCHREALTIME
        said=$(control takeover) || fail "hand-over $round"
        daemon=$(echo "$said" | awk '{ print $2 }')
        began=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
        sleep 0.5
        tell report
        echo "   hand-over $round: $(answer); $(moved) for all disks, $began ms for the command"
    done
    stop
}

# How long the last hand-over took from the first disk to the last, by the new daemon's own log.
moved() {
    awk '{ split(substr($1, 12), t, /[:Z]/); ms = ((t[1] * 60 + t[2]) * 60 + t[3]) * 1000 }
        / takes over / { from = ms } / handed everything over / { to = ms }
        END { printf "%.0f ms", to - from }' "$host/daemon.log"
}

for disks in ${*:-1 100}; do
    measure "$disks" $((disks > 10 ? 10 : 1))
done
