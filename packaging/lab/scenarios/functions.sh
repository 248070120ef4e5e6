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
. "$(dirname "$0")/guests.inc"

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
