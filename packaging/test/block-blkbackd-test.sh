#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The hot-plug script against a xenstore made of files, and a sysfs made of files.
. "$(dirname "$0")/functions.sh"
script=$DIST/etc/xen/scripts/block-blkbackd
tools=$scratch/bin
mkdir "$tools"

cat > "$tools/xenstore-read" <<'TOOL'
#!/bin/sh
cat "$STORE/$1" 2> /dev/null
TOOL
cat > "$tools/xenstore-write" <<'TOOL'
#!/bin/sh
printf %s "$2" > "$STORE/$1"
TOOL
printf '%s\n' '#!/bin/sh' 'printf "%s\n" "$*" >> "$STORE/../logged"' > "$tools/logger"
printf '#!/bin/sh\necho "$*" >> "$STORE/../modprobe"\n' > "$tools/modprobe"
chmod +x "$tools"/*

# A device vbd-7-51712 as libxl has just made it, or of another kind; without a daemon and without xen-blkback.
fresh() {
    local kind=${1:-vbd}
    rm -rf "$scratch/store" "$scratch/sys" "$scratch/logged" "$scratch/modprobe"
    export XENBUS_TYPE=$kind XENBUS_PATH=backend/$kind/7/51712 STORE=$scratch/store BLKBACKD_SYSFS=$scratch/sys
    be=$STORE/$XENBUS_PATH
    bus=$BLKBACKD_SYSFS/bus/xen-backend
    mkdir -p "$be" "$bus/devices" "$bus/drivers"
}

# xen-blkback is loaded, and holds the device
blkback_holds() {
    mkdir -p "$bus/drivers/vbd" "$bus/devices/vbd-7-51712"
    touch "$bus/drivers/vbd/vbd-7-51712"
}

run() {
    local began=$EPOCHREALTIME
    PATH=$tools:$PATH "$script" "$@" > "$scratch/out" 2>&1
    status=$?
    local ended=$EPOCHREALTIME
    took_ms=$(((${ended/./} - ${began/./}) / 1000))
}

holds() {
    [ "$(cat "$be/$1" 2> /dev/null)" = "$2" ]
}

fresh
echo ready > "$be/blkbackd-status"
run add
check "a ready device is connected" eval 'holds hotplug-status connected && [ $status = 0 ]'
check "and nothing is said about it" eval '[ ! -s "$scratch/out" ] && [ ! -e "$be/hotplug-error" ]'
check "the module is asked for before the device is in use" grep -q xen-backend:vbd "$scratch/modprobe"

fresh
(sleep 0.5; echo ready > "$be/blkbackd-status") &
run add
wait
check "an answer is waited for" eval 'holds hotplug-status connected && [ $status = 0 ]'

fresh
echo checking > "$be/blkbackd-status"
(sleep 5; echo ready > "$be/blkbackd-status") &
run add
wait
check "a daemon that is checking is given longer" eval 'holds hotplug-status connected && [ "$took_ms" -ge 5000 ]'

fresh
text='/srv/a.img: No such file or directory \n'
echo error > "$be/blkbackd-status"
printf %s "$text" > "$be/hotplug-error"
run add
check "a refusal fails the attach" eval 'holds hotplug-status error && [ $status != 0 ]'
check "with the daemon's own words" holds hotplug-error "$text"
check "which are logged" grep -qF "$text" "$scratch/logged"

fresh
echo error > "$be/blkbackd-status"
run add
check "a refusal without words gets some" grep -q "does not say why" "$be/hotplug-error"

fresh
run add
check "without a daemon the attach fails" eval 'holds hotplug-status error && [ $status != 0 ]'
check "and says what to look at" grep -q "is it running? (systemctl status blkbackd)" "$be/hotplug-error"
check "before libxl loses patience (took $took_ms ms; alone on a machine it is under 5 s)" [ "$took_ms" -lt 40000 ]
check "but not before 4 s" [ "$took_ms" -ge 4000 ]

fresh
blkback_holds
echo ready > "$be/blkbackd-status"
run add
check "the device is taken from xen-blkback" grep -qx vbd-7-51712 "$bus/drivers/vbd/unbind"
check "and connected" holds hotplug-status connected
check "and the module is not asked for again" [ ! -e "$scratch/modprobe" ]

fresh
mkdir -p "$bus/drivers/vbd"
(sleep 0.3; blkback_holds; echo ready > "$be/blkbackd-status") &
run add
wait
check "xen-blkback may be late" grep -qx vbd-7-51712 "$bus/drivers/vbd/unbind"

fresh vbd3
echo ready > "$be/blkbackd-status"
run add
check "a device of kind vbd3 is connected" eval 'holds hotplug-status connected && [ $status = 0 ]'
check "and xen-blkback is not loaded for it" [ ! -e "$scratch/modprobe" ]

fresh vbd3
blkback_holds
echo ready > "$be/blkbackd-status"
run add
check "nor a device of another kind taken from it" eval '[ ! -e "$bus/drivers/vbd/unbind" ] && [ $status = 0 ]'

fresh vbd3
echo error > "$be/blkbackd-status"
printf %s "$text" > "$be/hotplug-error"
run add
check "a refusal of a vbd3 fails the attach" eval 'holds hotplug-status error && [ $status != 0 ]'
check "with the daemon's own words, too" holds hotplug-error "$text"
run remove
check "and it is removed" [ "$status" = 0 ]

fresh
run remove
check "remove succeeds and changes nothing" eval '[ $status = 0 ] && [ -z "$(ls "$be")" ]'
rm -rf "$be"
run remove
check "remove succeeds when the device is gone" [ "$status" = 0 ]

fresh
unset XENBUS_PATH
run add
check "without XENBUS_PATH it says so" eval '[ $status != 0 ] && grep -q XENBUS_PATH "$scratch/out"'
run dance
check "an unknown action is refused" eval '[ $status != 0 ] && grep -q usage "$scratch/out"'
finish
