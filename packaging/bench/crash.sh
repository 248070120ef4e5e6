#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crash.sh [KILLS [SEED]]: kills the daemon so many times (default: 1000), half of them at any moment, half at its own fault
# points, some of them again while it recovers, under four simulated guests on both engines, and prints what came of it:
# each request answered once, each acknowledged write found, and the pause that a guest saw. Needs a JDK, and in TMPDIR
# (default: /var/tmp) a file system with direct I/O. The checker is that of blkback's tests, package crash.
set -eu
here=$(dirname "$(readlink -f "$0")")
sources=$here/../../blkback/src/test/java/org/blkbackd/blkback/crash
scratch=$(mktemp -d -p "${TMPDIR:-/var/tmp}" crash.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# A copy, because the archive is made beside the jars: the daemon is to start as fast as it does where it is installed.
cp -a "$("$here/../dist")" "$scratch/dist"
"$scratch/dist/bin/blkbackd-archive"
find "$sources" -name '*.java' ! -name '*Test.java' ! -name package-info.java -print0 \
    | xargs -0 javac -proc:none -d "$scratch/classes" -cp "$scratch/dist/lib/*"
jar -c -f "$scratch/crash.jar" -C "$scratch/classes" .

# The archive holds for its own class path and what comes behind it.
class_path=
for jar in "$scratch"/dist/lib/*.jar; do
    class_path=${class_path:+$class_path:}$jar
done
native=
if [ -d "$scratch/dist/lib/native/$(uname -m)" ]; then
    native="-Djna.boot.library.path=$scratch/dist/lib/native/$(uname -m) -Djna.nounpack=true"
fi
archive="-XX:SharedArchiveFile=$scratch/dist/lib/blkbackd.jsa -Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off"
# shellcheck disable=SC2086  # several options in one variable
java -XX:TieredStopAtLevel=1 -Xmx512m --enable-native-access=ALL-UNNAMED $native \
    -Dcrash.java.options="$archive $native" -cp "$class_path:$scratch/crash.jar" \
    org.blkbackd.blkback.crash.RandomKills "$scratch" "${1:-1000}" ${2:+"$2"}
