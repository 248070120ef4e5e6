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
    disk=$(disk xvda "$(make_image $engine.img 32)" $engine)
    start_pvh g "$disk"
    wait_rounds g 2 400
    until [ "$(migrations)" -ge "$ROUNDS" ]; do
        say "$engine, migration $(($(migrations) + 1)) of $ROUNDS"
        migrate g || replace g "$disk"
    done
    say "$engine: a destination that fails before it has the guest's word"
    migrate_in_vain g "$(disk xvda "$IMAGES/missing.img" $engine)"
    wait_rounds g 2 400
    run xl destroy g
    tell_times $engine
done
ok
