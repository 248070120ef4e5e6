# SPDX-License-Identifier: Apache-2.0
# Common to all scenarios, which run in the lab's dom0 with bash. Sourced first. A scenario prints what it does, and last
# 'ok NAME', 'FAIL NAME: why' or 'skip NAME: why'. However it ends, its guests, daemon and modules are gone afterwards.
set -u
SCENARIO=$(basename "$0" .sh)
SHARE=/mnt/share
DIST=/opt/blkbackd
IMAGES=/root/images
CONSOLES=/var/log/xen/console
DAEMON_LOG=/var/log/blkbackd.log
BACKEND=/local/domain/0/backend
# qemu, blkback: the stock backends in place of blkbackd, to tell a fault of the lab from one of the daemon.
LAB_BACKEND=${LAB_BACKEND:-blkbackd}
DAEMON=

# --- the end ---------------------------------------------------------------------------------------------------------

say() {
    echo "[$(cut -d. -f1 /proc/uptime)] $*"
}

ok() {
    trap - EXIT
    clean_up
    echo "ok $SCENARIO"
    exit 0
}

fail() {
    trap - EXIT
    echo "FAIL $SCENARIO: $*"
    diagnose
    clean_up
    exit 1
}

# A scenario that cannot be run here says what would run it.
skip() {
    trap - EXIT
    clean_up
    echo "skip $SCENARIO: $*"
    exit 77
}

trap 'fail "ended early"' EXIT
trap 'fail "took too long"' TERM

diagnose() {
    echo "--- xl list"; xl list
    echo "--- backends"; xenstore-ls -f "$BACKEND" 2>&1 | head -n 80
    for log in "$CONSOLES"/guest-*.log "$DAEMON_LOG"; do
        [ -e "$log" ] && echo "--- $log" && tail -n 40 "$log"
    done
    echo "--- dmesg"; dmesg | tail -n 15
}

clean_up() {
    for name in $(xl list 2> /dev/null | awk 'NR > 1 && $2 != 0 { print $2 }'); do
        timeout 60 xl destroy "$name" > /dev/null 2>&1
    done
    if [ -n "$DAEMON" ]; then
        disown "$DAEMON"    # no word from bash about its end
        kill -KILL "$DAEMON" 2> /dev/null
    fi
    if [ -e /sys/module/xen_blkback ]; then rmmod xen-blkback 2> /dev/null; fi
    [ ! -e /tmp/lab.conf.away ] || mv /tmp/lab.conf.away /etc/modprobe.d/lab.conf
    rm -rf "$IMAGES" /tmp/*.cfg /tmp/xl.out
}

needs_blkbackd() {
    [ "$LAB_BACKEND" = blkbackd ] || skip "it is about blkbackd (LAB_BACKEND=$LAB_BACKEND)"
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.3
    done
}

# --- the daemon ------------------------------------------------------------------------------------------------------

install_dist() {
    if [ ! -d "$DIST" ]; then
        cp -a "$SHARE/dist" "$DIST"
        cp "$DIST/etc/xen/scripts/block-blkbackd" /etc/xen/scripts/
    fi
}

daemon_is_ready() {
    kill -0 "$DAEMON" 2> /dev/null || fail "the daemon ended at its start"
    grep -q "ready" "$DAEMON_LOG"
}

# start_daemon [ARGUMENT...]
start_daemon() {
    [ "$LAB_BACKEND" = blkbackd ] || return 0
    install_dist
    : > "$DAEMON_LOG"
    "$DIST/bin/blkbackd" serve "$@" < /dev/null >> "$DAEMON_LOG" 2>&1 &
    DAEMON=$!
    wait_for 90 daemon_is_ready || fail "the daemon is not ready after 90 s"
    say "daemon $DAEMON is ready"
}

stop_daemon() {
    [ -n "$DAEMON" ] || return 0
    kill -TERM "$DAEMON"
    wait_for 40 daemon_is_gone || fail "the daemon does not stop"
    say "daemon stopped"
    DAEMON=
}

daemon_is_gone() {
    ! kill -0 "$DAEMON" 2> /dev/null
}

# --- disks and guests ------------------------------------------------------------------------------------------------

# make_image NAME MIB: prints its path
make_image() {
    mkdir -p "$IMAGES"
    truncate -s "$2M" "$IMAGES/$1"
    echo "$IMAGES/$1"
}

# disk VDEV FILE [ENGINE]: the disk as xl wants it
disk() {
    case $LAB_BACKEND in
        blkbackd) echo "vdev=$1,format=raw,script=block-blkbackd,target=${3:-direct}:$2" ;;
        qemu)     echo "vdev=$1,format=raw,backendtype=qdisk,target=$2" ;;
        blkback)  modprobe xen-blkback; echo "vdev=$1,format=raw,backendtype=phy,target=$2" ;;
    esac
}

# write_config NAME JOB DISK...: /tmp/NAME.cfg
write_config() {
    local name=$1 job=$2
    shift 2
    rm -f "$CONSOLES/guest-$name.log"
    {
        echo "name = '$name'"
        echo "kernel = '/lab/vmlinuz'"
        echo "ramdisk = '/lab/guest.gz'"
        echo "extra = 'console=hvc0 quiet job=$job'"
        echo "memory = 128"
        echo "vcpus = 1"
        echo "on_crash = 'destroy'"
        printf 'disk = ['
        printf " '%s'," "$@"
        echo ']'
    } > "/tmp/$name.cfg"
}

# start_guest NAME JOB DISK...
start_guest() {
    write_config "$@"
    xl create "/tmp/$1.cfg" > /tmp/xl.out 2>&1 || fail "xl create $1: $(grep -m 3 error /tmp/xl.out)"
    say "guest $1 created"
}

guest_says() {
    [ "$(grep -c -E "GUEST: $2" "$CONSOLES/guest-$1.log" 2> /dev/null)" -ge "${3:-1}" ]
}

guest_says_or_is_gone() {
    guest_says "$@" || guest_is_gone "$1"
}

# wait_guest NAME PATTERN SECONDS [TIMES]: until the guest has said it that often
wait_guest() {
    wait_for "$3" guest_says_or_is_gone "$1" "$2" "${4:-1}"
    guest_says "$1" "$2" "${4:-1}" || fail "guest $1 does not say '$2' ${4:-1} times in $3 s"
    say "guest $1: $(grep -E "GUEST: $2" "$CONSOLES/guest-$1.log" | tail -n 1 | tr -d '\r')"
}

# wait_rounds NAME MORE SECONDS: so many further rounds of job loop, all of them good
wait_rounds() {
    local before
    before=$(grep -c 'GUEST: round .* rc=0 ' "$CONSOLES/guest-$1.log")
    wait_guest "$1" 'round [0-9]+ rc=0 ' "$3" $((before + $2))
    assert_guest_clean "$1"
}

assert_guest_clean() {
    local bad
    bad=$(grep -a -m 1 -E 'rc=[1-9]|io-errors [1-9]|FAIL|I/O error|no disk' "$CONSOLES/guest-$1.log")
    [ -z "$bad" ] || fail "guest $1: $bad"
}

guest_is_gone() {
    ! xl domid "$1" > /dev/null 2>&1
}

wait_gone() {
    wait_for "$2" guest_is_gone "$1" || fail "guest $1 is still there after $2 s"
    say "guest $1 is gone"
}

# --- what must be left of them: nothing ------------------------------------------------------------------------------

# One line for each thing that should not be there: all images closed, no ring mapped, no node of a domain that is gone.
leftovers() {
    local live kind domid
    xl list | grep -F '(null)'
    live=" $(xl list | awk 'NR > 1 { print $2 }' | tr '\n' ' ')"
    for kind in vbd qdisk; do
        for domid in $(xenstore-list "$BACKEND/$kind" 2> /dev/null); do
            case $live in *" $domid "*) ;; *) echo "node $BACKEND/$kind/$domid" ;; esac
        done
    done
    if [ -n "$DAEMON" ]; then
        daemon_is_gone && echo "the daemon has died"
        [ -n "$(domains_beside_0)" ] || grep /dev/xen/gntdev "/proc/$DAEMON/maps" | sed 's/^/mapped grant /'
        [ -n "$(domains_beside_0)" ] || find "/proc/$DAEMON/fd" -lname "$IMAGES/*" -printf 'open image %l\n'
    fi
}

domains_beside_0() {
    xl list | awk 'NR > 1 && $2 != 0 { print $2 }'
}

no_leftovers() {
    [ -z "$(leftovers)" ]
}

assert_no_leftovers() {
    wait_for 15 no_leftovers || fail "left over: $(leftovers | head -n 5 | tr '\n' ';')"
    say "no leftovers"
}

image_is_open() {
    find "/proc/$DAEMON/fd" -lname "$1" | grep -q .
}

image_is_closed() {
    ! image_is_open "$1"
}
