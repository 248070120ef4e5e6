#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh COMMAND [OPTION...] [NAME...]: how fast the daemon is, on a simulated host.
#   sim [NAME...]        keeps the disks of a simulated guest, a process of its own, busy with each workload, in turn with
#                        fio (io_uring) on the same files; prints a table, writes CSV files and a picture (SVG). NAME is a
#                        workload or a pattern (default: those that show the aims). --list shows them; --quick: a few,
#                        briefly; --all: every combination; --verify: checks every sector's content, without fio
#   many [ENGINE...]     100 disks at depth 1 together, beside one disk at depth 100 (default: null direct)
#   fair [ENGINE...]     what 99 disks at depth 1 see, without and with one at depth 1024 beside them (default: null direct)
#   idle [DISKS...]      what an idle disk costs, as there are more of them (default: 1 100 1000)
#   profile [NAME...]    where the daemon's time for one block of a workload goes (default: direct-randread-4k-d32), and
#                        its system calls; by strace, and perf or else Java's flight recorder
#   lab [ROUNDS]         on a real Xen host, which is emulated (packaging/lab; needs root): what a guest's fio gets from a RAM
#                        disk that blkbackd, QEMU's qdisk and xen-blkback serve in turn, and what each costs dom0; a table,
#                        a CSV file and a picture
#   jmh [PATTERN...]     parts of the data path, in nanoseconds: ring, codec, the journal's cost, grant copies (Ring, Codec,
#                        Journal, GrantCopy); --quick; other options are JMH's. Needs Maven
# Options: --rounds N (5), --seconds S (5), --warm-up S (2), --size MIB (1024: all disks of a workload together),
#   --out FOLDER (default: a new one in /tmp), --no-fio, --set 'KEY = VALUE' (a line for blkbackd.conf; may come again).
# IMAGES is a folder for the images (default: /var/tmp), on storage that takes O_DIRECT. Needs a JDK and fio.
set -eu
here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$(dirname "$here")")
host=
images=
bench=

usage() {
    sed -n '3,/^set -eu/ { /^set/d; s/^# \{0,1\}//; p }' "$0"
}

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

finish() {
    local pid daemon
    # It ends with the process that started it, unless that was killed.
    daemon=$(cat "$host/daemon.pid" 2> /dev/null || true)
    for pid in $bench $daemon; do
        kill "$pid" 2> /dev/null || true
    done
    wait
    while [ -n "$daemon" ] && kill -0 "$daemon" 2> /dev/null; do
        sleep 0.05
    done
    rm -rf "$host" "$images"
}

need() {
    command -v "$1" > /dev/null || fail "no '$1' on the PATH: $2"
}

# In memory, as guests' memory and /run are: a disk's write-back of it would be measured, too.
make_folders() {
    host=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" blkbackd-bench-XXXXXX)
    trap finish EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    images=$(mktemp -d -p "${IMAGES:-/var/tmp}" blkbackd-images-XXXXXX)
}

# A dirty tree says so.
commit() {
    git -C "$top" describe --always --dirty --match '' 2> /dev/null || echo unknown
}

compile() {
    javac -J-XX:TieredStopAtLevel=1 -proc:none -d "$host/classes" -cp "$1/lib/*" "$here"/load/*.java
}

# draw FILE: what is in FILE.csv, as a picture
draw() {
    local dist
    dist=$("$here/../dist")
    make_folders
    compile "$dist"
    java -XX:TieredStopAtLevel=1 -cp "$host/classes:$dist/lib/*" LabChart "$1.csv" "$1.svg"
    echo "each round and a picture: $1.csv, $1.svg"
}

simulated() {
    local dist words="$*"
    need javac "a JDK 17 or later is needed (Debian: apt install openjdk-17-jdk-headless)"
    case " $words " in
        *" --no-fio "* | *" --verify "* | *" --list "* | " many"* | " fair"* | " profile"*) ;;
        *) need fio "apt install fio, or use --no-fio" ;;
    esac
    dist=$("$here/../dist")
    make_folders
    compile "$dist"
    # shellcheck disable=SC2086  # several options in one variable
    java -XX:+UseSerialGC -Xmx256m -XX:-UsePerfData -XX:+UnlockDiagnosticVMOptions -XX:GuaranteedSafepointInterval=0 \
        "-Djna.boot.library.path=$dist/lib/native/$(uname -m)" -Djna.nounpack=true --enable-native-access=ALL-UNNAMED \
        -Dio.netty.machineId=02:00:00:00:00:01 "-Ddist=$dist" "-Dhost=$host" "-Dimages=$images" \
        "-Dimages.on=$(df --output=fstype,source "$images" | tail -n 1 | tr -s ' ')" "-Dcommit=$(commit)" \
        "-Dcommand=packaging/bench/run.sh $words" -cp "$host/classes:$dist/lib/*" SimBench "$@" &
    bench=$!
    wait "$bench"
}

# One host for each number of disks, by footprint.sh; here, what one disk more costs.
idle() {
    make_folders
    ARCHIVES=with "$here/footprint.sh" "${@:-1 100 1000}" | tee "$host/footprint"
    awk '/idle connected disks/ { disks = $1; mib = $5 }
        /wake-ups in 10 idle/ {
            if (lines++) each = sprintf(", %.0f KiB for each more", (mib - last_mib) * 1024 / (disks - last_disks))
            printf "%5d idle disks: %4d MiB resident, %.1f wake-ups/s%s\n", disks, mib, $6 / 10, each
            last_disks = disks
            last_mib = mib
        }' "$host/footprint"
}

build_benchmarks() {
    (cd "$top" && mvn -B -q "$@" -pl .,grant,xenstore,ioengine,blkback -DskipTests package dependency:build-classpath \
        "-Dmdep.outputFile=$host/class-path" < /dev/null)
}

micro_benchmarks() {
    local options=()
    need javac "a JDK 17 or later is needed (Debian: apt install openjdk-17-jdk-headless)"
    need mvn "apt install maven"
    if [ "${1:-}" = --quick ]; then
        options=(-f 1 -wi 2 -i 3 -w 500ms -r 500ms)
        shift
    fi
    make_folders
    build_benchmarks -o > "$host/maven.log" 2>&1 || build_benchmarks
    # The last project's class path is the one that was left.
    java -cp "$top/blkback/target/test-classes:$top/blkback/target/classes:$(cat "$host/class-path")" \
        org.openjdk.jmh.Main "${options[@]}" "$@" &
    bench=$!
    wait "$bench"
}

case ${1:-} in
    sim | many | fair | profile) simulated "$@" ;;
    idle)
        shift
        idle "$@"
        ;;
    lab)
        LAB_ROUNDS=${2:-5} "$top/packaging/lab/run.sh" compare
        draw "${BLKBACKD_LAB_DIR:-$HOME/.cache/blkbackd-lab}/share/logs/compare"
        ;;
    jmh)
        shift
        micro_benchmarks "$@"
        ;;
    -h | --help) usage ;;
    *)
        usage >&2
        exit 2
        ;;
esac
