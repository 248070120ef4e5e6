#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# migrate.sh [RUNS [SEED]]: so many runs (default: 1000) of a guest that is migrated between two simulated hosts, each with
# the daemon's own rings, devices and file engines: xl's steps with all their failures, daemons killed between any two calls,
# late writes, the link between the daemons cut. Half of the pairs share a lock, half only claims. Prints the seeds and how
# often it came by what; ends with the first seed that broke a rule, to be given again as SEED. Needs a JDK. The checker is
# that of blkback's tests, package migrate. MIGRATE_PAIRS: pairs of hosts at a time (default: 12; most of them wait).
# migrate.sh --pauses [MIGRATIONS]: how long a guest is without its disk when nothing fails and xl takes no time of its own.
set -eu
here=$(dirname "$(readlink -f "$0")")
tests=$here/../../blkback/src/test/java/org/blkbackd
scratch=$(mktemp -d -p "${TMPDIR:-/var/tmp}" migrate.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

dist=$("$here/../dist")
find "$tests/ioengine" "$tests/blkback/migrate" -name '*.java' ! -name '*Test.java' ! -name package-info.java \
    ! -name LoopDevice.java -print0 \
    | xargs -0 javac -proc:none -d "$scratch" -cp "$dist/lib/*" "$tests/blkback/crash/BlockHistory.java" \
        "$tests/blkback/crash/Stamp.java" "$tests/blkback/model/FaultLog.java"
if [ "${1:-}" = --pauses ]; then
    set -- MigrationPauses "${2:-100}"
else
    set -- MigrationRuns "${1:-1000}" ${2:+"$2"}
fi
java -XX:TieredStopAtLevel=1 -Xmx1g --enable-native-access=ALL-UNNAMED -Dblkbackd.faults= \
    -Dmigrate.pairs="${MIGRATE_PAIRS:-12}" -cp "$scratch:$dist/lib/*" "org.blkbackd.blkback.migrate.$1" "${@:2}"
