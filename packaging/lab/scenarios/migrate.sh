#!/bin/bash
# A PVH guest under verified writes migrates on one host, both engines; a migration that fails leaves it where it is.
# host: --hvm
# limit: 2400
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/pvh.inc"
. "$(dirname "$0")/migrate.inc"
needs_blkbackd
start_daemon
for engine in direct buffered; do
    image=$(make_image $engine.img 32)
    disk=$(disk xvda "$image" $engine)
    start_pvh g "$disk"
    wait_rounds g 2 400
    first=$(leave_mark g 8)
    until [ "$(migrations)" -ge "$ROUNDS" ]; do
        say "$engine, migration $(($(migrations) + 1)) of $ROUNDS"
        migrate g || replace g "$disk"
    done
    say "$engine: a destination that fails before it has the guest's word"
    migrate_in_vain g "$(disk xvda "$IMAGES/missing.img" $engine)"
    wait_rounds g 2 400
    last=$(leave_mark g 16)
    run xl destroy g
    assert_mark "$image" 8 "$first"
    assert_mark "$image" 16 "$last"
    tell_times $engine
done
ok
