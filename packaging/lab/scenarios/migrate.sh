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
    start_pvh g "$(disk xvda "$image" $engine)"
    wait_rounds g 2 400
    for ((i = 1; i <= ROUNDS; i++)); do
        say "$engine, migration $i of $ROUNDS"
        migrate g
        wait_rounds g 2 400
    done
    say "$engine: a destination that fails before it has the guest's word"
    migrate_in_vain g "$(disk xvda "$IMAGES/missing.img" $engine)"
    wait_rounds g 2 400
    run xl destroy g
    tell_times $engine
done
ok
