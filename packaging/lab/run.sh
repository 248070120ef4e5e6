#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [SCENARIO...]: runs scenarios (default: all of them) on a lab host, one line for each:
#     PASS name: figures (seconds)      FAIL name: why (seconds)      SKIP name: what would run it (seconds)
# and a last line that counts them. Exit status 0 only if none failed. Scenarios share one host and one daemon; one that
# fails shows its log, and the next one gets a fresh host. One in which the emulation broke a guest or a Java is tried again,
# which 'AGAIN name: why' tells. run.sh --list says what there is.
#
#   LAB_BACKEND=qemu|blkback   a stock backend instead of blkbackd, to test the lab itself
#   LAB_LIMIT=SECONDS          for each scenario, in place of what its line '# limit: SECONDS' says, or 900
#   LAB_ROUNDS=N               how often scenarios repeat what they repeat, instead of a few times
#   LAB_TESTS=DIR              a class path with contract tests for grant-contract, instead of what contract-tests builds
set -u
here=$(cd "$(dirname "$0")" && pwd)
share=${BLKBACKD_LAB_DIR:-$HOME/.cache/blkbackd-lab}/share
backend=${LAB_BACKEND:-blkbackd}
passed=0
failed=0
skipped=0
again=0
TRIES=3
host=none
hosts=run

scenarios() {
    for file in "$here"/scenarios/*.sh; do
        [ ! -x "$file" ] || basename "$file" .sh
    done
}

# Those that want the same kind of host after each other: booting takes longer than most of them; the plain host last, with
# most of them. Not those with a line '# asked: WHY', which are only run when they are named.
by_host() {
    for name in $(scenarios); do
        ! grep -q '^# asked: ' "$here/scenarios/$name.sh" || continue
        printf '%s\t%s\n' "$(wanted "$name")" "$name"
    done | sort -s -r -t "$(printf '\t')" -k 1,1 | cut -f 2
}

# The first sentence of the comment that a scenario begins with.
summary() {
    sed -n '2,/^[^#]/{s/^# //p}' "$here/scenarios/$1.sh" | grep -v -E '^(host|peer|limit|asked):' | tr '\n' ' ' | sed 's/\([.:]\) .*/\1/'
}

# wanted NAME: the lines '# host: OPTIONS' of a scenario and, where it wants another host beside its own, '# peer: OPTIONS':
# what they need, as options of 'lab up'. Hosts named 'run' and 'peer', with a network of their own and one /mnt/share;
# '--disk SHARED' is a disk that both have.
wanted() {
    sed -n -E '/^# (host|peer): /s/^# //p' "$here/scenarios/$1.sh" | paste -sd ';'
}

# stage NAME...: what these scenarios need, where dom0 sees it
stage() {
    rm -rf "$share"
    mkdir -p "$share/logs"
    cp -r "$here/scenarios" "$share"
    if [ "$backend" = blkbackd ]; then
        case " $* " in *" grant-contract "*) stage_tests || exit 2 ;; esac
        local dist
        dist=$("$here/../dist") || exit 2
        cp -a "$dist" "$share/dist"
        find "$here/../target" -maxdepth 1 -name 'blkbackd_*.deb' -exec cp {} "$share" \;
    fi
}

stage_tests() {
    if [ -n "${LAB_TESTS:-}" ]; then
        cp -r "$LAB_TESTS" "$share/tests"
    else
        "$here/contract-tests" "$share/tests"
    fi
}

down() {
    local name
    for name in $hosts; do
        "$here/lab" down "$name"
    done
    host=none
    hosts=run
}

# up NAME OPTIONS
up() {
    # shellcheck disable=SC2086  # several options in one variable
    "$here/lab" up "$1" --share "$share" ${2//SHARED/$share.disk}
}

# boot WANTED: such a host, or two, unless they are there
boot() {
    local own=${1%%peer:*} peer=${1##*peer:} other
    [ "$host" != "$1" ] || return 0
    down
    own=${own#host:}
    own=${own%;}
    if [ "$peer" = "$1" ]; then
        up run "$own" || exit 2
    else
        hosts="run peer"
        rm -f "$share.disk"
        truncate -s 64M "$share.disk"
        up peer "$peer --link run" &
        other=$!
        up run "$own --link peer" || exit 2
        wait $other || exit 2
    fi
    host=$1
}

# run_one NAME [TRY]: prints its verdict, and counts it
run_one() {
    local log=$share/logs/$1.log began=$SECONDS verdict limit
    limit=$(sed -n 's/^# limit: //p' "$here/scenarios/$1.sh")
    limit=${LAB_LIMIT:-${limit:-900}}
    boot "$(wanted "$1")"
    "$here/lab" exec --name run --timeout $((limit + 150)) "cd /mnt/share/scenarios && LAB_BACKEND=$backend LAB_ROUNDS=${LAB_ROUNDS:-} \
        timeout -k 120 $limit bash ./$1.sh > /mnt/share/logs/$1.log 2>&1"
    verdict=$(grep -a -E "^(PASS|FAIL|SKIP) $1" "$log" | tail -n 1)
    echo "${verdict:-FAIL $1: no verdict} ($((SECONDS - began)) s)"
    case $verdict in
        PASS*) passed=$((passed + 1)) ;;
        SKIP*) skipped=$((skipped + 1)) ;;
        *)
            sed 's/^/    /' "$log"
            if [ "${2:-1}" -lt "$TRIES" ] && emulation_failed "$log"; then
                again=$((again + 1))
                echo "AGAIN $1: $broken"
                down
                run_one "$1" $((${2:-1} + 1))
                return
            fi
            failed=$((failed + 1))
            down ;;
    esac
}

# emulation_failed LOG: sets 'broken'. What is rare here, and does not happen on hardware: the emulated SVM ends a guest with a
# triple fault, as the hypervisor's log says; or a Java dies at the first instruction of a method that it has just compiled, or
# where it has jumped to instead: an address of no library and of no method.
emulation_failed() {
    local name
    broken="a Java died at the first instruction of a compiled method"
    ! grep -a -q -E '^ *# (J [0-9]+ c[12] .*\+0x00000000000000[02]0\]|C  0x[0-9a-f]{16}$)' "$1" || return 0
    broken="the emulated SVM ended a guest with a triple fault"
    for name in $hosts; do
        "$here/lab" exec --name "$name" --timeout 60 "xl dmesg | grep -q 'Triple fault'" && return
    done
    return 1
}

if [ "${1:-}" = --list ]; then
    for name in $(scenarios); do
        printf '%-20s %s\n' "$name" "$(summary "$name")"
    done
    exit 0
fi
# shellcheck disable=SC2046  # names have no spaces
[ $# != 0 ] || set -- $(by_host)
for name in "$@"; do
    [ -x "$here/scenarios/$name.sh" ] || { echo "lab: no scenario '$name'; run.sh --list" >&2; exit 2; }
done
if [ "$(id -u)" != 0 ] || [ "$(uname -m)" != x86_64 ]; then
    echo "lab: needs root on an x86_64 machine" >&2
    exit 2
fi
"$here/lab" build || exit 2
stage "$@"
trap down EXIT
trap "exit 2" INT TERM
for name in "$@"; do
    run_one "$name"
done
echo "$passed passed, $failed failed, $skipped skipped, $again tried again in $SECONDS s"
[ "$failed" = 0 ]
