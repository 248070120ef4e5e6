#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb-in-debian-12.sh [DEB]: installs, upgrades, removes and purges the package in a Debian 12 of its own (a chroot without a
# running systemd) and checks each step. Needs root, debootstrap and a Debian mirror; the first run takes some minutes. Not
# part of 'mvn verify'. What debootstrap made is kept in ~/.cache/blkbackd.
. "$(dirname "$0")/functions.sh"
deb=${1:-$(ls -t "$(dirname "$0")"/../target/blkbackd_*.deb | head -n 1)}
base=${XDG_CACHE_HOME:-$HOME/.cache}/blkbackd/debian-12.tar
root=$scratch/root
[ "$(id -u)" = 0 ] || { echo "deb-in-debian-12: must be root" >&2; exit 1; }

unmount() {
    umount "$root/proc" "$scratch/base/proc" 2> /dev/null
    # Never into a mounted system.
    rm -rf --one-file-system "$scratch"
}
trap unmount EXIT

make_base() {
    command -v debootstrap > /dev/null || { echo "deb-in-debian-12: apt install debootstrap" >&2; exit 1; }
    mkdir -p "$(dirname "$base")"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$scratch/base" \
        http://deb.debian.org/debian > "$scratch/debootstrap.log" || { tail "$scratch/debootstrap.log" >&2; exit 1; }
    printf 'deb http://deb.debian.org/debian-security bookworm-security main\n' >> "$scratch/base/etc/apt/sources.list"
    mount -t proc proc "$scratch/base/proc"
    chroot "$scratch/base" apt-get update -q > /dev/null
    # What the package depends on, so that a run downloads nothing, and what looks at its pages.
    chroot "$scratch/base" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        default-jre-headless libxenevtchn1 libxengnttab1 xenstore-utils systemd man-db mandoc lintian > "$scratch/apt.log" 2>&1 \
        || { tail "$scratch/apt.log" >&2; exit 1; }
    chroot "$scratch/base" apt-get clean
    umount "$scratch/base/proc"
    tar -C "$scratch/base" -cf "$base.new" .
    mv "$base.new" "$base"
    rm -rf "$scratch/base"
}

inside() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

# Every path in the system, but what apt and dpkg keep for themselves.
files() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
        -o -path ./var/cache -o -path ./var/log -o -path ./run/systemd \) -prune -o -print | sort)
}

# apt TEXT ARGUMENTS...: apt-get must succeed
apt() {
    local text=$1
    shift
    inside apt-get -qy --no-install-recommends "$@" > "$scratch/step.log" 2>&1
    status=$?
    check "$text" [ $status = 0 ]
    [ $status = 0 ] || cat "$scratch/step.log"
}

[ -f "$base" ] || make_base
mkdir "$root"
tar -C "$root" -xf "$base"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/"
files > "$scratch/before"
# left_over: paths that were not there before the package
left_over() {
    files | comm -13 "$scratch/before" -
}
cp "$deb" "$root/tmp/first.deb"

# The same with a higher version and another default in a configuration file.
dpkg-deb -R "$deb" "$scratch/next"
sed -i 's/^Version: .*/Version: 99/' "$scratch/next/DEBIAN/control"
echo "# a new default" >> "$scratch/next/etc/blkbackd/blkbackd.conf"
(cd "$scratch/next" && find etc usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
dpkg-deb --root-owner-group -b "$scratch/next" "$root/tmp/next.deb" > /dev/null

apt "it installs" install /tmp/first.deb
jsa=$root/usr/lib/blkbackd/lib/blkbackd.jsa
check "with a class data archive" [ -s "$jsa" ]
inside env BLKBACKD_JAVA_OPTS=-Xlog:class+load:file=/tmp/loaded blkbackd --version > /dev/null
check "from which Java takes classes" grep -q 'source: shared objects file (top)' "$root/tmp/loaded"
check "blkbackd runs" inside blkbackd --version
check "the service is enabled" [ -L "$root/etc/systemd/system/multi-user.target.wants/blkbackd.service" ]
check "the unit is as systemd wants it" inside systemd-analyze verify /usr/lib/systemd/system/blkbackd.service
check "dpkg finds every file as it was" eval '[ -z "$(inside dpkg --verify blkbackd)" ]'
inside lintian --no-tag-display-limit --fail-on none /tmp/first.deb > "$scratch/lintian" 2>&1
sed 's/^/lintian: /' "$scratch/lintian"

echo 'log-level = "debug"' >> "$root/etc/blkbackd/blkbackd.conf"
made=$(stat -c %i "$jsa")
inside systemctl disable blkbackd.service > /dev/null 2>&1
apt "it upgrades" install -o Dpkg::Options::=--force-confold /tmp/next.deb
check "to the new version" [ "$(inside dpkg-query -Wf '${Version}' blkbackd)" = 99 ]
check "and keeps the administrator's settings" grep -q '^log-level = "debug"' "$root/etc/blkbackd/blkbackd.conf"
check "and what was disabled stays so" [ ! -e "$root/etc/systemd/system/multi-user.target.wants/blkbackd.service" ]
check "the archive is a new one" eval '[ -s "$jsa" ] && [ "$(stat -c %i "$jsa")" != "$made" ]'

rm -f "$jsa"
inside dpkg-trigger --by-package=default-jre-headless /usr/lib/jvm
inside dpkg --triggers-only -a > /dev/null 2>&1
check "another Java has the archive made again" [ -s "$jsa" ]

apt "it is removed" remove blkbackd
check "and leaves only its settings and what systemd was told" eval \
    '[ -z "$(left_over | grep -vE "^\./etc/|^\./var/lib/systemd/")" ]'
check "settings stay" [ -s "$root/etc/blkbackd/blkbackd.conf" ]
apt "it comes back" install /tmp/next.deb
check "with the settings it had" grep -q '^log-level = "debug"' "$root/etc/blkbackd/blkbackd.conf"
apt "it is purged" purge blkbackd
left_over > "$scratch/left"
check "and leaves nothing" [ ! -s "$scratch/left" ]
sed 's/^/left: /' "$scratch/left"

mv "$root/usr/bin/java" "$root/usr/bin/java.away"
apt "it installs where Java does not run" install /tmp/first.deb
check "and says so" grep -q "no class data archive" "$scratch/step.log"
apt "and is purged there" purge blkbackd
finish
