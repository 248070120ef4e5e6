#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The launcher with a Java that only prints its arguments.
. "$(dirname "$0")/functions.sh"
home="$scratch/a place"
mkdir -p "$home/bin" "$home/lib/native/$(uname -m)"
cp "$DIST/bin/blkbackd" "$home/bin"
touch "$home/lib/b.jar" "$home/lib/a.jar"

# java DIR RELEASE: makes one
java() {
    mkdir -p "$1/bin"
    printf '#!/bin/sh\necho "arenas=$MALLOC_ARENA_MAX"\nprintf "%%s\\n" "$@"\n' > "$1/bin/java"
    chmod +x "$1/bin/java"
    printf 'IMPLEMENTOR="x"\nJAVA_VERSION="%s"\n' "$2" > "$1/release"
}

run() {
    "$home/bin/blkbackd" "$@" > "$scratch/out" 2>&1
    status=$?
}

says() {
    grep -qxF -- "$1" "$scratch/out"
}

java "$scratch/jdk17" 17.0.15
java "$scratch/jdk25" 25
java "$scratch/jdk11" 11.0.2
java "$scratch/jdk8" 1.8.0_392
unset JAVA_HOME BLKBACKD_JAVA_OPTS MALLOC_ARENA_MAX

JAVA_HOME=$scratch/jdk17 run serve --config "/a file"
check "starts the main class with the arguments" eval 'says org.blkbackd.blkback.cli.Blkbackd && says "/a file"'
check "on every jar, in order" says "$home/lib/a.jar:$home/lib/b.jar"
check "with JNA's library from the distribution" says "-Djna.boot.library.path=$home/lib/native/$(uname -m)"
check "which can find it again for its successor" says "-Dblkbackd.launcher=$home/bin/blkbackd"
check "to end, and be started again, when memory runs out" says -XX:+ExitOnOutOfMemoryError
check "and few malloc arenas" says "arenas=2"
check "without a class data archive when there is none" eval '! grep -q SharedArchiveFile "$scratch/out"'

touch "$home/lib/blkbackd.jsa"
BLKBACKD_JAVA_OPTS="-Da=1 -Db=2" JAVA_HOME=$scratch/jdk25 run serve
check "with the archive when there is one" says "-XX:SharedArchiveFile=$home/lib/blkbackd.jsa"
check "with the operator's options" eval 'says -Da=1 && says -Db=2'

ln -s "$home/bin/blkbackd" "$scratch/link"
JAVA_HOME=$scratch/jdk17 "$scratch/link" > "$scratch/out"
check "through a link" says "$home/lib/a.jar:$home/lib/b.jar"

PATH=$scratch/jdk17/bin:$PATH run --version
check "takes Java from PATH" eval 'says --version && says arenas=2'

for old in jdk11 jdk8; do
    JAVA_HOME=$scratch/$old run serve
    check "refuses $old in one line" eval \
        '[ $status != 0 ] && [ $(wc -l < "$scratch/out") = 1 ] && grep -q "Java 17 or later" "$scratch/out"'
done
JAVA_HOME=$scratch/nothing run serve
check "says that JAVA_HOME is wrong" eval '[ $status != 0 ] && grep -q "JAVA_HOME is $scratch/nothing" "$scratch/out"'

cp "$DIST/bin/blkbackctl" "$home/bin"
JAVA_HOME=$scratch/jdk17 BLKBACKCTL_JAVA_OPTS=-Dc=3 "$home/bin/blkbackctl" show "3/a b" > "$scratch/out"
check "blkbackctl starts its own class" eval 'says org.blkbackd.blkback.ctl.Blkbackctl && says "3/a b" && says -Dc=3'
check "with the daemon's archive" says "-XX:SharedArchiveFile=$home/lib/blkbackd.jsa"
touch "$home/lib/blkbackctl.jsa"
JAVA_HOME=$scratch/jdk17 "$home/bin/blkbackctl" list > "$scratch/out"
check "or its own" says "-XX:SharedArchiveFile=$home/lib/blkbackctl.jsa"
check "on the same jars" says "$home/lib/a.jar:$home/lib/b.jar"
check "and without Java it says so" eval \
    '! JAVA_HOME=$scratch/nothing "$home/bin/blkbackctl" list 2> "$scratch/out" && grep -q "there is no" "$scratch/out"'

mkdir "$scratch/bare"
for tool in sh sed dirname readlink uname; do
    ln -s "$(command -v $tool)" "$scratch/bare"
done
PATH=$scratch/bare run serve
check "says that there is no Java" eval '[ $status != 0 ] && grep -q "no Java found" "$scratch/out"'
finish
