#!/bin/bash
# What a guest's fio gets from a RAM disk that blkbackd, QEMU's qdisk and xen-blkback serve in turn, and what it costs dom0.
# asked: takes half an hour, and shows figures, not faults
# limit: 5400
. "$(dirname "$0")/functions.sh"
needs_blkbackd
ROUNDS=${LAB_ROUNDS:-5}
WARM_UP=3
TIME=8
RAM=/dev/ram0
CSV=$SHARE/logs/compare.csv
WORK="randread-4k-32 randread-4k-1 randwrite-4k-32 read-128k-16 write-128k-16"

# dom0_cpu: seconds of CPU time that dom0 has used
dom0_cpu() {
    xl list 0 | awk 'NR == 2 { print $NF }'
}

# work BACKEND ROUND RW-BLOCK-DEPTH: a line of the table. While fio measures, nothing else is done here.
work() {
    local rw size depth before after line
    IFS=- read -r rw size depth <<< "$3"
    guest_must f "rm -f /tmp/fio.done; { fio --name=b --filename=/dev/xvdb --rw=$rw --bs=$size --iodepth=$depth --ioengine=libaio --direct=1 \
        --ramp_time=$WARM_UP --runtime=$TIME --time_based --size=60M --minimal > /tmp/fio.out 2>&1; : > /tmp/fio.done; } &" > /dev/null
    sleep $((WARM_UP + 1))
    before="$(dom0_cpu) $EPOCHREALTIME"
    sleep $((TIME - 2))
    after="$(dom0_cpu) $EPOCHREALTIME"
    wait_for 60 in_guest f 'test -e /tmp/fio.done' > /dev/null || fail "fio does not end in the guest"
    line=$(guest_must f 'cat /tmp/fio.out')
    # of fio's terse output: I/O a second, and the 99th percentile of the time each took, of reads and of writes
    echo "$line;$before;$after" | tr ' ' ';' | awk -F ';' -v head="$1,$2,$3" 'NF > 130 {
        iops = $8 + $49
        p99 = ($8 > 0 ? $30 : $71)
        sub(/.*=/, "", p99)
        busy = $(NF - 1) - $(NF - 3)
        printf "%s,%.0f,%s,%.1f,%.2f\n", head, iops, p99, busy / ($NF - $(NF - 2)) * 1e6 / iops, busy }' > /tmp/line
    [ -s /tmp/line ] || fail "fio on $1: $line"
    [ "$2" = 0 ] || cat /tmp/line >> "$CSV"
    say "$(cat /tmp/line)"
}

# median BACKEND WORK COLUMN
median() {
    awk -F , -v b="$1" -v w="$2" -v c="$3" '$1 == b && $3 == w { print $c }' "$CSV" | sort -n \
        | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

load_blkback
run modprobe brd rd_nr=1 rd_size=65536
run dd if=/dev/urandom of=$RAM bs=1M count=64
start_daemon
echo "backend,round,work,iops,p99_us,dom0_cpu_us,dom0_busy_s" > "$CSV"
# The qdisk, which nobody uses, keeps a QEMU there to which another can be attached.
GUEST_RAMDISK=/lab/guest-fio.gz
GUEST_MEMORY=512    # fio brings 90 MB of libraries
start_guest f idle "$(LAB_BACKEND=qemu disk xvda "$(make_image a.img 8)")"
wait_guest f disk 180
# Round 0 is not counted: the emulation needs minutes for what Java compiles within seconds elsewhere.
for round in $(seq 0 "$ROUNDS"); do
    for backend in blkbackd qemu blkback; do
        attach f "$(LAB_BACKEND=$backend disk xvdb $RAM)"
        guest_must f "wait_disk xvdb"
        for one in $WORK; do
            work $backend "$round" "$one"
        done
        detach f xvdb
        guest_must f "wait_no_disk xvdb"
    done
done
for one in $WORK; do
    for backend in blkbackd qemu blkback; do
        say "$(printf '%-16s %-9s %7.0f/s, p99 %7.0f us, dom0 %6.1f us CPU each' "$one" $backend "$(median $backend "$one" 4)" \
            "$(median $backend "$one" 5)" "$(median $backend "$one" 6)")"
    done
    figure "$one: $(awk -v o="$(median blkbackd "$one" 4)" -v q="$(median qemu "$one" 4)" -v b="$(median blkback "$one" 4)" \
        -v oc="$(median blkbackd "$one" 6)" -v qc="$(median qemu "$one" 6)" \
        'BEGIN { printf "%.2f of qdisk at %.2f of its CPU, %.2f of xen-blkback", o / q, oc / qc, o / b }')"
done
ok
