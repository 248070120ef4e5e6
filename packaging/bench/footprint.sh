#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# footprint.sh [DISKS...]: what the daemon costs when it does nothing. For each number of disks (default: 1 500) it starts
# the daemon on a simulated host, has simulated guests in another process connect and use so many disks, and prints the time
# from start to ready, the resident memory while the guests are idle, and, where there is strace, what the idle daemon's
# threads do in 10 s. Without a class data archive, then with it (ARCHIVES). Needs a JDK. BLKBACKD_JAVA_OPTS adds options of
# Java's.
set -eu
here=$(dirname "$(readlink -f "$0")")
host=$(mktemp -d)
# A copy, because the archive is made beside the jars.
dist=$host/dist
cp -a "$("$here/../dist")" "$dist"
rm -f "$dist/lib/blkbackd.jsa"
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

# wait_for COMMAND...: until it succeeds, at most five minutes
wait_for() {
    local tries=6000
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "footprint: gave up waiting: $*" >&2; cat "$host"/*.log >&2; exit 1; }
        sleep 0.05
    done
}

# A host whose guests wait for a daemon to give them $1 disks.
start_host() {
    rm -rf "$host/sim"
    java -XX:TieredStopAtLevel=1 -Djna.boot.library.path="$dist/lib/native/$(uname -m)" -Djna.nounpack=true \
        -cp "$dist/lib/*" "$here/IdleGuests.java" "$host/sim" "$1" > "$host/guests.log" 2>&1 &
    guests=$!
    touch "$host/guests.log"
    wait_for grep -q '^host' "$host/guests.log"
}

stop_host() {
    kill "$guests"
    wait "$guests" || true
    guests=
}

# The daemon's own figure, from the start of its process, is as coarse as the kernel's clock of process starts.
start_daemon() {
    local began=$EPOCHREALTIME ended
    : > "$host/daemon.log"
    "$dist/bin/blkbackd" serve --xen "sim:$host/sim" > "$host/daemon.log" 2>&1 &
    daemon=$!
    until grep -q ' ready in ' "$host/daemon.log"; do
        kill -0 "$daemon" 2> /dev/null || { cat "$host"/*.log >&2; exit 1; }
        sleep 0.01
    done
    ended=$EPOCHREALTIME
    # In hundredths of a second, user and system.
    cpu_ms=$(awk '{ sub(/.*\) /, ""); print ($12 + $13) * 10 }' "/proc/$daemon/stat")
    ready_ms=$(((${ended/./} - ${began/./}) / 1000))
}

stop_daemon() {
    kill "$daemon"
    wait "$daemon" || true
    daemon=
}

# Without the mappings of the simulator's files, which are the guests' memory.
resident() {
    awk -v "simulated=$host/sim" '/^[0-9a-f]+-/ { counts = (index($0, simulated) == 0) } $1 == "Rss:" && counts { sum += $2 }
        END { printf "%.0f MiB", sum / 1024 }' "/proc/$daemon/smaps"
}

# Each thread with how often it went to sleep so far; a process that sleeps for ever has no wake-ups.
sleeps() {
    local task
    for task in "/proc/$daemon/task"/*; do
        echo "${task##*/} $(awk '/^voluntary_ctxt/ { print $2 }' "$task/status") $(tr ' ' _ < "$task/comm")"
    done 2> /dev/null | sort
}

idle_wake_ups() {
    sleeps > "$host/sleeps.1"
    sleep 10
    sleeps > "$host/sleeps.2"
    echo "   wake-ups in 10 idle seconds: $(join "$host/sleeps.1" "$host/sleeps.2" | awk '$4 > $2 { sum += $4 - $2
        text = text ", " $5 " " $4 - $2 } END { print sum + 0 text }')"
    if ! command -v strace > /dev/null; then
        echo "   system calls: not counted, there is no strace"
        return
    fi
    timeout -s INT 10 strace -f -c -o "$host/strace" -p "$daemon" 2> /dev/null || true
    echo "   system calls in 10 idle seconds: $(awk '$4 ~ /^[0-9]+$/ && $NF != "total" { printf "%s%s %s", sep, $4, $NF
        sep = ", " }' "$host/strace")"
}

measure() {
    local disks=$1
    start_host "$disks"
    start_daemon
    touch "$host/sim/go"
    wait_for grep -q '^connected' "$host/guests.log"
    sleep 5
    echo "   from start to ready: $ready_ms ms, $cpu_ms ms of CPU time"
    echo "   $disks idle connected disks: $(resident) resident without what it sees of the simulated guests' memory," \
        "$(awk '/^Threads/ { print $2 }' "/proc/$daemon/status") threads"
    idle_wake_ups
    stop_host
    stop_daemon
}

for archive in ${ARCHIVES:-without with}; do
    [ "$archive" = without ] || "$dist/bin/blkbackd-archive"
    for disks in "${@:-1 500}"; do
        for number in $disks; do
            echo "$archive class data archive:"
            measure "$number"
        done
    done
done
