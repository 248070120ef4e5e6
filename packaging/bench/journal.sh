#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# journal.sh [REQUESTS-A-PASS...]: what the journal of requests in flight costs the data path, for each number of requests
# that a pass takes off a ring (default: 1 8 32). The journal is a mapped file in /dev/shm, as in /run. Needs Maven.
set -eu
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
[ $# != 0 ] || set -- 1 8 32
(cd "$root" && mvn -B -q -o -pl .,grant,xenstore,ioengine,blkback -DskipTests package) ||
    (cd "$root" && mvn -B -q -pl .,grant,xenstore,ioengine,blkback -DskipTests package)
classes=$root/blkback/target/test-classes:$root/blkback/target/classes
for batch in "$@"; do
    java -cp "$classes" org.blkbackd.blkback.journal.JournalCost /dev/shm "$batch"
done
