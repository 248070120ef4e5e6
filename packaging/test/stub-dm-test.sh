#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The stub device model over real sockets: as libxl of Xen 4.17 to 4.22 and libxenstat talk to it, and as nobody should.
. "$(dirname "$0")/functions.sh"
stub=$DIST/libexec/blkbackd-stub-dm
client=$(cd "$(dirname "$0")" && pwd)/qmp-client
tools=$scratch/bin
export STORE=$scratch/store BLKBACKD_XEN_RUN=$scratch/run BLKBACKD_STATISTICS=$scratch/td3-blkbackd
mkdir -p "$tools" "$STORE" "$BLKBACKD_XEN_RUN" "$BLKBACKD_STATISTICS"
chmod 755 "$BLKBACKD_STATISTICS"
printf '%s\n' '#!/bin/sh' 'mkdir -p "$STORE/${1%/*}" && printf %s "$2" > "$STORE/$1"' > "$tools/xenstore-write"
printf '%s\n' '#!/bin/sh' 'cat "$STORE/$1" && echo' > "$tools/xenstore-read"
printf '%s\n' '#!/bin/sh' '[ -e "$STORE/$1" ]' > "$tools/xenstore-exists"
chmod +x "$tools"/*
PATH=$tools:$PATH
socket=$BLKBACKD_XEN_RUN/qmp-libxl-7
xenstat=$BLKBACKD_XEN_RUN/qmp-libxenstat-7
state=$STORE/device-model/7/state
echo 0 > "$STORE/domid"
pid=

# start COMMAND...: runs the stub, and waits until it has said that it runs
start() {
    rm -rf "$STORE/device-model"
    "$@" > "$scratch/out" 2>&1 &
    pid=$!
    until [ -s "$state" ] || ! kill -0 $pid 2> /dev/null; do sleep 0.02; done
}

# end SIGNAL: as libxl ends it; sets status
end() {
    kill "-$1" $pid 2> /dev/null
    wait $pid
    status=$?
}

# refused TEXT ARGUMENT...: it ends with one line of reason
refused() {
    local text=$1
    shift
    ! "$stub" "$@" > "$scratch/out" 2>&1 && [ "$(wc -l < "$scratch/out")" = 1 ] && grep -qF -- "$text" "$scratch/out"
}

talk() {
    "$client" talk "$1" > "$scratch/talk" 2>&1 || { cat "$scratch/talk"; return 1; }
}

alive() {
    kill -0 $pid 2> /dev/null
}

qemu_xen=(-xen-domid 7 -no-shutdown -chardev "socket,id=libxl-cmd,path=$socket,server=on,wait=off"
    -mon chardev=libxl-cmd,mode=control
    -chardev "socket,id=libxenstat-cmd,path=$xenstat,server=on,wait=off" -mon chardev=libxenstat-cmd,mode=control
    -nodefaults -no-user-config -xen-attach -name guest -vnc none -display none -machine xenpv -m 512)
greeting='<- {"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": "blkbackd-stub-dm"}, "capabilities": []}}'
hello="$greeting
-> {\"execute\":\"qmp_capabilities\",\"id\":1}
<- {\"return\": {}, \"id\": 1}"

# --- Xen 4.17 with device_model_version="qemu-xen-traditional" --------------------------------------------------------
start "$stub" -d 7 -domain-name -S -nographic -M xenpv
check "the traditional command line: it says that it runs" [ "$(cat "$state")" = running ]
check "and says nothing else" [ ! -s "$scratch/out" ]
check "it serves xentop's socket" [ -S "$xenstat" ]
end HUP
check "SIGHUP ends it" [ "$status" = 0 ]
check "and its socket" [ ! -e "$xenstat" ]

# --- qemu-xen ---------------------------------------------------------------------------------------------------------
start "$stub" "${qemu_xen[@]}"
check "qemu-xen's command line: it says that it runs" [ "$(cat "$state")" = running ]
check "only its owner may use the sockets" [ "$(stat -c %a "$socket" "$xenstat" | sort -u)" = 700 ]
check "libxl asks for the character devices (device_model_postconfig_chardev)" talk "$socket" <<QMP
$greeting
-> {"execute":"qmp_capabilities","id":2020372736}
<- {"return": {}, "id": 2020372736}
-> {"execute":"query-chardev","id":2020372737}
<- {"return": [{"label": "libxenstat-cmd", "filename": "unix", "frontend-open": true}, {"label": "libxl-cmd", "filename": "unix", "frontend-open": true}], "id": 2020372737}
QMP
check "what else there is" talk "$socket" <<QMP
$hello
-> {"execute":"query-version","id":2}
<- {"return": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": "blkbackd-stub-dm"}, "id": 2}
-> {"execute":"query-status","id":3}
<- {"return": {"status": "running", "singlestep": false, "running": true}, "id": 3}
-> {"execute":"stop","id":4}
<- {"return": {}, "id": 4}
-> {"execute":"query-status","id":5}
<- {"return": {"status": "paused", "singlestep": false, "running": false}, "id": 5}
-> {"execute":"cont","id":6}
<- {"return": {}, "id": 6}
-> {"execute":"query-status","id":7}
<- {"return": {"status": "running", "singlestep": false, "running": true}, "id": 7}
-> {"execute":"query-cpus-fast","id":8}
<- {"return": [], "id": 8}
QMP
check "a command that is not there" talk "$socket" <<QMP
$hello
-> {"execute":"xen-save-devices-state","id":2,"arguments":{"live":true,"filename":"/dev/fdset/0"}}
<- {"error": {"class": "CommandNotFound", "desc": "The command xen-save-devices-state has not been found"}, "id": 2}
-> {"execute":"device_add","id":"a \" id","arguments":{"a":[1,-2.5e+3,{"b":null},"}{\\\\"]}}
<- {"error": {"class": "CommandNotFound", "desc": "The command device_add has not been found"}, "id": "a \" id"}
QMP
check "nothing works before qmp_capabilities" talk "$socket" <<QMP
$greeting
-> {"execute":"query-status","id":1}
<- {"error": {"class": "CommandNotFound", "desc": "Expecting capabilities negotiation with 'qmp_capabilities'"}, "id": 1}
QMP

# --- odd and hostile input --------------------------------------------------------------------------------------------
check "what is no JSON is refused, and the next request is answered" talk "$socket" <<QMP
$hello
-> hello
<- {"error": {"class": "GenericError", "desc": "JSON parse error, expecting an object"}}
-> {"execute":}
<- {"error": {"class": "GenericError", "desc": "JSON parse error"}}
-> {"execute":"query-status","id":1]
<- {"error": {"class": "GenericError", "desc": "JSON parse error"}}
-> {"execute":7,"id":8}
<- {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}, "id": 8}
-> {"execute":"qu\\u0069t","id":8}
<- {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}, "id": 8}
-> {"id":01}
<- {"error": {"class": "GenericError", "desc": "JSON parse error"}}
-> {}
<- {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}}
-> \xff\x00\x01
<- {"error": {"class": "GenericError", "desc": "JSON parse error, expecting an object"}}
-> {"execute":"query-hotpluggable-cpus","id":9}
<- {"return": [], "id": 9}
QMP
check "a request in pieces, two in one" talk "$socket" <<QMP
$hello
=> {"exec
=> ute":"query-hotpluggable-cpus","id":"\\
=> ""}{"execute":"query-cpus-fast"
=> }
<- {"return": [], "id": "\""}
<- {"return": []}
QMP
check "too deep a request ends the connection" talk "$socket" <<QMP
$hello
=> *100 {"a":[
<- (end)
QMP
check "too long a request ends the connection" talk "$socket" <<QMP
$hello
=> {"execute":"
=> *30000 x
<- (end)
QMP
check "someone who never reads is left" talk "$socket" <<QMP
$greeting
-> *20000 {}
QMP
for i in {1..30}; do "$client" talk "$socket" <<< '=> {"execute' & talkers[i]=$!; done
wait "${talkers[@]}"
check "many half requests do no harm" talk "$socket" <<< "$hello"
check "it still runs" alive
check "and said nothing" [ ! -s "$scratch/out" ]
rss=$(awk '/VmRSS/ {print $2}' /proc/$pid/status)
check "its memory: $rss KiB resident" [ "$rss" -lt 16384 ]
end TERM
check "SIGTERM ends it too" eval '[ "$status" = 0 ] && [ ! -e "$socket" ] && [ ! -e "$xenstat" ]'

# --- sockets that libxl made ------------------------------------------------------------------------------------------
start "$client" listen "$socket" "$stub" -xen-domid 7 -chardev socket,id=libxl-cmd,fd=FD,server=on,wait=off \
    -mon chardev=libxl-cmd,mode=control -machine xenpv
check "an inherited socket" talk "$socket" <<QMP
$hello
-> {"execute":"quit","id":2}
<- {"return": {}, "id": 2}
<- (end)
QMP
wait $pid
check "quit ends it" [ $? = 0 ]
rm -f "$socket"

# --- the instance that Xen 4.20 asks for its options ------------------------------------------------------------------
rm -rf "$STORE/device-model"
"$client" listen "$socket" "$stub" -S -no-user-config -nodefaults -nographic -machine none,accel=xen \
    -chardev socket,id=libxl-cmd,fd=FD,server=on,wait=off -mon chardev=libxl-cmd,mode=control > "$scratch/out" 2>&1 &
pid=$!
until [ -S "$socket" ] && "$client" talk "$socket" < /dev/null 2> /dev/null; do sleep 0.02; done
check "libxl asks for the options (device_model_probe_cmdline)" talk "$socket" <<QMP
$greeting
-> {"execute":"qmp_capabilities","id":2020372736}
<- {"return": {}, "id": 2020372736}
-> {"execute":"query-status","id":3}
<- {"return": {"status": "prelaunch", "singlestep": false, "running": false}, "id": 3}
-> {"execute":"query-command-line-options","id":2020372737}
<- {"return": [], "id": 2020372737}
-> {"execute":"quit","id":2020372738}
<- {"return": {}, "id": 2020372738}
<- (end)
QMP
wait $pid
check "then it ends, without a word in xenstore" eval '[ $? = 0 ] && [ ! -e "$STORE/device-model" ]'
rm -f "$socket"

# --- what xentop shows ------------------------------------------------------------------------------------------------
# counters FILE READS READ-SECTORS WRITES WRITE-SECTORS: as the daemon publishes them (struct vbd3_stats)
counters() {
    perl -e 'print pack "L x4 Q11", 1, 0, $ARGV[0], $ARGV[0], $ARGV[1], 0, $ARGV[2], $ARGV[2], $ARGV[3], 0, 0, 0' \
        "${@:2}" > "$BLKBACKD_STATISTICS/$1"
}
mkdir -p "$STORE"/backend/qdisk/7/{51712,51728}
printf %s aio:/srv/a.img > "$STORE/backend/qdisk/7/51712/params"
printf 'aio:direct:/srv/"b"\\\xc3\xa4.img' > "$STORE/backend/qdisk/7/51728/params"
counters vbd-7-51712 10 80 3 24
counters vbd-7-51728 5000000000 6000000000 0 0
counters vbd-70-51712 1 1 1 1
echo short > "$BLKBACKD_STATISTICS/vbd-7-51744"
mkfifo "$BLKBACKD_STATISTICS/vbd-7-51760"
start "$stub" "${qemu_xen[@]}"
figures='=> { "execute": "query-blockstats" }
<- {"return": [{"device": "vbd-7-51712", "stats": {"rd_bytes": 40960, "wr_bytes": 12288, "rd_operations": 10, "wr_operations": 3}}, {"device": "vbd-7-51728", "stats": {"rd_bytes": 3072000000000, "wr_bytes": 0, "rd_operations": 5000000000, "wr_operations": 0}}]}'
check "libxenstat asks for the figures (read_attributes_qdisk_dom)" talk "$xenstat" <<QMP
$greeting
=> { "execute": "qmp_capabilities" }
<- {"return": {}}
$figures
=> { "execute": "query-block" }
<- {"return": [{"device": "vbd-7-51712", "locked": false, "removable": false, "type": "unknown", "inserted": {"file": "/srv/a.img", "drv": "raw", "ro": false, "encrypted": false}}, {"device": "vbd-7-51728", "locked": false, "removable": false, "type": "unknown", "inserted": {"file": "/srv/\"b\"\\\\ä.img", "drv": "raw", "ro": false, "encrypted": false}}]}
QMP
rm "$BLKBACKD_STATISTICS"/vbd-7-*
check "a disk that was detached is gone" talk "$xenstat" <<QMP
$hello
=> { "execute": "query-blockstats" }
<- {"return": []}
=> { "execute": "query-block" }
<- {"return": []}
QMP
counters vbd-7-51712 1 1 1 1
chmod 777 "$BLKBACKD_STATISTICS"
check "a directory that others may write to is not believed" talk "$xenstat" <<QMP
$hello
=> { "execute": "query-blockstats" }
<- {"return": []}
QMP
chmod 755 "$BLKBACKD_STATISTICS"
end HUP

# --- the end of a domain whose libxl died -----------------------------------------------------------------------------
export BLKBACKD_STUB_CHECK=0.05
start "$stub" -d 7
rm "$STORE/domid" "$state"
sleep 0.5
check "a xenstore that does not answer is no reason to end" alive
echo 0 > "$STORE/domid"
wait $pid
check "without its node it ends by itself" [ $? = 0 ]

# --- what it cannot do ------------------------------------------------------------------------------------------------
check "no arguments" refused "usage: blkbackd-stub-dm"
check "no domain" refused "usage: blkbackd-stub-dm" -nographic
check "a bad domain id" refused "-d 7x: not a domain id" -d 7x
check "a domain id missing" refused "not a domain id" -xen-domid
check "an HVM guest" refused "an HVM guest takes a real QEMU" -xen-domid 7 -machine xenfv,suppress-vmdesc=on
check "dm_restrict" refused "dm_restrict is not supported" -xen-domid 7 -runas 1:1
check "a descriptor that is no socket" refused "cannot listen" -xen-domid 7 -chardev socket,id=a,fd=9 -mon chardev=a,mode=control
check "a monitor without its socket" refused "there is no such" -xen-domid 7 -mon chardev=a,mode=control
check "a path that cannot be" refused "No such file" -d 7 -chardev socket,id=a,path=/nowhere/a -mon chardev=a,mode=control
printf '%s\n' '#!/bin/sh' 'exit 1' > "$tools/xenstore-write"
check "a xenstore that refuses" refused "device-model/7/state running failed" -d 7
finish
