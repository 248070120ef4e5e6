# SPDX-License-Identifier: Apache-2.0
# Common to all scenarios, which run in the lab's dom0 with bash. Sourced first. A scenario prints what it does, and last
# 'PASS NAME: figures', 'FAIL NAME: why' or 'SKIP NAME: why'. However it ends, its guests and modules are gone afterwards;
# the daemon is left to the next one if all went well.
set -u
exec 3>&1    # for a verdict from where the output goes elsewhere
SCENARIO=$(basename "$0" .sh)
SHARE=/mnt/share
DIST=/opt/blkbackd
IMAGES=/root/images
CONSOLES=/var/log/xen/console
DAEMON_LOG=/var/log/blkbackd-lab.log
DAEMON_FILE=/run/blkbackd-lab
BACKEND=/local/domain/0/backend
# qemu, blkback: the stock backends in place of blkbackd, to tell a fault of the lab from one of the daemon.
LAB_BACKEND=${LAB_BACKEND:-blkbackd}
DAEMON=
FIGURES=
# Guests whose I/O errors are what the scenario wants to see.
ERRORS_EXPECTED=
# What else is to be done at the end, however that comes: functions; and logs to be shown if it is a failure.
AT_END=
MORE_LOGS=

# --- the end ---------------------------------------------------------------------------------------------------------

say() {
    echo "[$(cut -d. -f1 /proc/uptime)] $*"
}

# figure TEXT: something for the verdict
figure() {
    FIGURES="$FIGURES${FIGURES:+, }$*"
    say "figure: $*"
}

# Ends the guests, looks at what they leave, and says PASS.
ok() {
    local name requests
    for name in $(guests); do
        timeout 120 xl destroy "$name" || fail "xl destroy $name"
    done
    assert_no_leftovers
    for name in "$CONSOLES"/guest-*.log; do
        name=${name##*/guest-}
        case " $ERRORS_EXPECTED " in
            *" ${name%.log} "*) ;;
            *) assert_guest_clean "${name%.log}" ;;
        esac
    done
    requests=$(cat "$CONSOLES"/guest-*.log 2> /dev/null | sed -n 's/.*requests=\([0-9]*\).*/\1/p' | paste -sd+ | sed 's/^$/0/')
    [ "$requests" = 0 ] || figure "$((requests)) requests verified"
    trap - EXIT
    clean_up
    echo "PASS $SCENARIO: ${FIGURES:-done}"
    exit 0
}

fail() {
    if [ "$BASHPID" != $$ ]; then    # in $(...): the scenario itself has to end
        echo "$*" > /tmp/why
        kill -USR1 $$
        exit 1
    fi
    exec >&3 2>&1
    trap - EXIT TERM USR1
    echo "FAIL $SCENARIO: $*"
    diagnose
    clean_up
    stop_daemon_hard
    exit 1
}

# A scenario that cannot be run here says what would run it.
skip() {
    trap - EXIT
    clean_up
    echo "SKIP $SCENARIO: $*"
    exit 77
}

trap 'fail "ended early"' EXIT
trap 'fail "took too long"' TERM
trap 'fail "$(cat /tmp/why)"' USR1

diagnose() {
    echo "--- xl list"; xl list
    echo "--- backends"; xenstore-ls -f "$BACKEND" 2>&1 | head -n 80
    # shellcheck disable=SC2086  # several names
    for log in "$CONSOLES"/guest-*.log "$DAEMON_LOG" $MORE_LOGS; do
        [ -e "$log" ] && echo "--- $log" && tail -n 60 "$log"
    done
    [ ! -d /run/systemd/system ] || { echo "--- journal"; journalctl -u blkbackd -n 60 --no-pager -o cat; }
    echo "--- dmesg"; dmesg | tail -n 15
    echo "--- Xen"; xl dmesg | tail -n 15
}

guests() {
    xl list 2> /dev/null | awk 'NR > 1 && $2 != 0 { print $2 }'
}

clean_up() {
    local id step
    for step in $AT_END; do
        "$step"
    done
    for id in $(guests); do
        timeout 60 xl destroy "$id" > /dev/null 2>&1
    done
    if [ -e /sys/module/xen_blkback ]; then rmmod xen-blkback 2> /dev/null; fi
    [ ! -e /tmp/lab.conf.away ] || mv /tmp/lab.conf.away /etc/modprobe.d/lab.conf
    rm -rf "$IMAGES" /tmp/*.cfg /tmp/xl.out "$CONSOLES"/guest-*.log
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

# run COMMAND...: as it is, and the scenario fails with its words if it does
run() {
    "$@" > /tmp/xl.out 2>&1 3>&- || fail "$*: $(grep -m 3 -i error /tmp/xl.out || tail -n 3 /tmp/xl.out)"
}

# now_ms: milliseconds since some time
now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# --- the daemon ------------------------------------------------------------------------------------------------------

install_dist() {
    if [ ! -d "$DIST" ]; then
        cp -a "$SHARE/dist" "$DIST"
        cp "$DIST/etc/xen/scripts/block-blkbackd" /etc/xen/scripts/
        ln -sf "$DIST/bin/blkbackctl" /usr/local/bin/blkbackctl
    fi
}

daemon_is_ready() {
    daemon_is_gone && fail "the daemon ended at its start"
    grep -q "ready" "$DAEMON_LOG"
}

# start_daemon [ARGUMENT...]: the one that is there, if it was started with the same ones
start_daemon() {
    [ "$LAB_BACKEND" = blkbackd ] || return 0
    install_dist
    read -r DAEMON arguments 2> /dev/null < "$DAEMON_FILE" || true
    if [ -n "$DAEMON" ] && ! daemon_is_gone; then
        if [ "$arguments" = "$*" ]; then
            : > "$DAEMON_LOG"
            say "daemon $DAEMON is still there"
            return
        fi
        stop_daemon
    fi
    : > "$DAEMON_LOG"
    setsid "$DIST/bin/blkbackd" serve "$@" < /dev/null >> "$DAEMON_LOG" 2>&1 3>&- &
    DAEMON=$!
    disown $DAEMON
    wait_for 600 daemon_is_ready || fail "the daemon is not ready after 600 s"
    echo "$DAEMON $*" > "$DAEMON_FILE"
    say "daemon $DAEMON is ready"
}

# Ends the daemon that this or an earlier scenario started.
stop_daemon() {
    [ -n "$DAEMON" ] || read -r DAEMON _ 2> /dev/null < "$DAEMON_FILE" || true
    rm -f "$DAEMON_FILE"
    [ -n "$DAEMON" ] || return 0
    kill -TERM "$DAEMON" 2> /dev/null || true
    wait_for 40 daemon_is_gone || fail "the daemon does not stop"
    say "daemon stopped"
    DAEMON=
}

stop_daemon_hard() {
    [ -n "$DAEMON" ] || return 0
    kill -KILL "$DAEMON" 2> /dev/null
    rm -f "$DAEMON_FILE"
}

daemon_is_gone() {
    ! kill -0 "$DAEMON" 2> /dev/null
}

# The kernel's own backend, as it is on a host where nothing keeps it away.
load_blkback() {
    [ -e /tmp/lab.conf.away ] || mv /etc/modprobe.d/lab.conf /tmp/lab.conf.away
    modprobe xen-blkback
}

# --- disks and guests ------------------------------------------------------------------------------------------------

# make_image NAME MIB: prints its path
make_image() {
    mkdir -p "$IMAGES"
    truncate -s "$2M" "$IMAGES/$1"
    echo "$IMAGES/$1"
}

# disk VDEV FILE [ENGINE [OPTIONS]]: the disk as xl wants it; OPTIONS as 'access=ro,no-discard'
disk() {
    local options=${4:+$4,}
    case $LAB_BACKEND in
        blkbackd) echo "vdev=$1,format=raw,${options}script=block-blkbackd,target=${3:-direct}:$2" ;;
        qemu)     echo "vdev=$1,format=raw,${options}backendtype=qdisk,target=$2" ;;
        blkback)  modprobe xen-blkback; echo "vdev=$1,format=raw,${options}backendtype=phy,target=$2" ;;
    esac
}

# What a scenario may set before write_config.
GUEST_VCPUS=1
GUEST_MEMORY=128
GUEST_EXTRA=
GUEST_RAMDISK=/lab/guest.gz
GUEST_LINES=

# write_config NAME JOB DISK...: /tmp/NAME.cfg
write_config() {
    local name=$1 job=$2
    shift 2
    rm -f "$CONSOLES/guest-$name.log"
    {
        echo "name = '$name'"
        echo "kernel = '/lab/vmlinuz'"
        echo "ramdisk = '$GUEST_RAMDISK'"
        echo "extra = 'console=hvc0 quiet job=$job $GUEST_EXTRA'"
        echo "memory = $GUEST_MEMORY"
        echo "vcpus = $GUEST_VCPUS"
        echo "on_crash = 'destroy'"
        printf 'disk = ['
        [ $# = 0 ] || printf " '%s'," "$@"
        echo ']'
        echo "$GUEST_LINES"
    } > "/tmp/$name.cfg"
}

# start_guest NAME JOB DISK...
start_guest() {
    write_config "$@"
    run xl create "/tmp/$1.cfg"
    say "guest $1 created"
}

# start_idle_guest NAME DISK...: and waits until it takes commands
start_idle_guest() {
    local name=$1
    shift
    start_guest "$name" idle "$@"
    wait_guest "$name" "disk" 180
}

# in_guest NAME COMMAND [SECONDS]: runs it in the guest's shell; prints what it prints, but nothing of the guest's job; its
# status is ours
in_guest() {
    local log=$CONSOLES/guest-$1.log mark tty
    mark=m$EPOCHREALTIME$RANDOM
    tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") || return 125
    printf '%s %s\n' "$mark" "$(printf '%s' "$2" | base64 -w 0)" > "$tty"
    if ! wait_for "${3:-60}" grep -a -q "^END $mark" "$log"; then
        echo "guest $1 does not answer to '$2' in ${3:-60} s"
        return 124
    fi
    sed -n "/^BEGIN $mark/,/^END $mark/p" "$log" | tr -d '\r' | sed '1d;$d;/^GUEST: /d' | sed '${/^$/d}'
    return "$(sed -n "s/^END $mark \([0-9]*\).*/\1/p" "$log")"
}

# guest_must NAME COMMAND [SECONDS]: as in_guest; the scenario fails if it fails
guest_must() {
    in_guest "$@" > /tmp/guest.out || fail "guest $1: $2: $(tail -n 3 /tmp/guest.out | tr '\n' ' ')"
    cat /tmp/guest.out
}

# expect WHAT WANTED FOUND
expect() {
    [ "$2" = "$3" ] || fail "$1 is '$3', not '$2'"
    say "$1 is $3"
}

guest_says() {
    [ "$(grep -a -c -E "GUEST: $2" "$CONSOLES/guest-$1.log" 2> /dev/null)" -ge "${3:-1}" ]
}

guest_says_or_is_gone() {
    guest_says "$@" || guest_is_gone "$1"
}

# wait_guest NAME PATTERN SECONDS [TIMES]: until the guest has said it that often
wait_guest() {
    wait_for "$3" guest_says_or_is_gone "$1" "$2" "${4:-1}"
    guest_says "$1" "$2" "${4:-1}" || fail "guest $1 does not say '$2' ${4:-1} times in $3 s"
    say "guest $1: $(grep -a -E "GUEST: $2" "$CONSOLES/guest-$1.log" | tail -n 1 | tr -d '\r')"
}

# wait_rounds NAME MORE SECONDS: so many further rounds of job loop, all of them good
wait_rounds() {
    rounds_go_on "$@" || fail "guest $1 does not do $2 rounds of its job in $3 s"
}

# rounds_go_on NAME MORE SECONDS: the same; its status says whether they came
rounds_go_on() {
    local round='round [0-9]+ rc=0 ' wanted
    wanted=$(($(grep -a -c -E "GUEST: $round" "$CONSOLES/guest-$1.log") + $2))
    wait_for "$3" guest_says_or_is_gone "$1" "$round" "$wanted"
    guest_says "$1" "$round" "$wanted" || return 1
    say "guest $1: $(grep -a -E "GUEST: $round" "$CONSOLES/guest-$1.log" | tail -n 1 | tr -d '\r')"
    assert_guest_clean "$1"
}

assert_guest_clean() {
    local bad
    bad=$(grep -a -m 1 -E 'rc=[1-9]|io-errors [1-9]|FAIL|I/O error|no disk' "$CONSOLES/guest-$1.log")
    [ -z "$bad" ] || fail "guest $1: $bad"
}

# attach NAME DISK; detach NAME VDEV
attach() {
    run xl block-attach "$1" "$2"
}

detach() {
    run xl block-detach "$1" "$2"
}

# guest_tries NAME VDEV: it writes, flushes and reads back 4 MiB of that disk
guest_tries() {
    say "guest $1: $2 $(guest_must "$1" "try_disk $2" 120)"
}

guest_is_gone() {
    ! xl domid "$1" > /dev/null 2>&1
}

wait_gone() {
    wait_for "$2" guest_is_gone "$1" || fail "guest $1 is still there after $2 s"
    say "guest $1 is gone"
}

# backend_dir NAME VDEV-NUMBER
backend_dir() {
    echo "$BACKEND/vbd/$(xl domid "$1")/$2"
}

# --- what must be left of them: nothing ------------------------------------------------------------------------------

# One line for each thing that should not be there: all images closed, no ring mapped, no node of a domain that is gone.
leftovers() {
    local live kind domid
    xl list | grep -F '(null)'
    live=" $(xl list | awk 'NR > 1 { print $2 }' | tr '\n' ' ')"
    for kind in vbd qdisk vbd3; do
        for domid in $(xenstore-list "$BACKEND/$kind" 2> /dev/null); do
            case $live in *" $domid "*) ;; *) echo "node $BACKEND/$kind/$domid" ;; esac
        done
    done
    if [ -n "$DAEMON" ]; then
        daemon_is_gone && echo "the daemon has died"
        [ -n "$(guests)" ] || grep /dev/xen/gntdev "/proc/$DAEMON/maps" | sed 's/^/mapped grant /'
        [ -n "$(guests)" ] || find "/proc/$DAEMON/fd" -lname "$IMAGES/*" -printf 'open image %l\n'
    fi
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

# Debian 12's dom0 has io_uring; nobody would notice I/O threads that do its work.
assert_uring() {
    find "/proc/$DAEMON/fd" -lname 'anon_inode:*io_uring*' | grep -q . || fail "the daemon does not use io_uring"
}
