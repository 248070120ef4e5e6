#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package as it was built: fields, files, scripts, the unit. deb-in-debian-12.sh installs it.
. "$(dirname "$0")/functions.sh"
deb=$(ls -t "$(dirname "${1:?the distribution}")"/blkbackd_*_all.deb | head -n 1)
if ! command -v dpkg-deb > /dev/null; then
    echo "skip: no dpkg-deb; Debian's package dpkg has it"
    exit 0
fi
root=$scratch/root
control=$scratch/control
dpkg-deb -x "$deb" "$root"
dpkg-deb -e "$deb" "$control"
dpkg-deb -c "$deb" | sed 's, \./, /,' > "$scratch/list"
names() {
    awk '{ print $6 }' "$scratch/list"
}

field() {
    dpkg-deb -f "$deb" "$1"
}

for field in Package=blkbackd Architecture=all Priority=optional Section=admin Recommends=xen-utils; do
    check "$field" [ "$(field "${field%%=*}")" = "${field#*=}" ]
done
for needed in "default-jre-headless (>= 2:1.17) | java17-runtime-headless" libxengnttab1 libxenevtchn1 xenstore-utils; do
    check "it depends on $needed" eval '[[ ", $(field Depends)," = *", $needed,"* ]]'
done
check "the version is fit for dpkg" dpkg --validate-version "$(field Version)"
check "it says how large it is" [ "$(field Installed-Size)" -gt 1000 ]

for file in usr/lib/blkbackd/bin/blkbackd usr/lib/blkbackd/bin/blkbackd-archive usr/lib/blkbackd/libexec/blkbackd-stub-dm \
    etc/xen/scripts/block-blkbackd; do
    check "$file can be executed" [ -x "$root/$file" ]
done
for file in etc/blkbackd/blkbackd.conf usr/lib/systemd/system/blkbackd.service usr/share/doc/blkbackd/copyright \
    usr/share/doc/blkbackd/changelog.gz usr/share/doc/blkbackd/README.md usr/share/man/man8/blkbackd.8.gz \
    usr/share/man/man8/blkbackctl.8.gz usr/share/man/man5/blkbackd.conf.5.gz \
    usr/share/man/man7/blkbackd-migration.7.gz; do
    check "$file is there, readable for all" [ "$(stat -c %a "$root/$file")" = 644 ]
done
check "it holds the distribution's jars" diff <(cd "$1/lib" && ls ./*.jar) <(cd "$root/usr/lib/blkbackd/lib" && ls ./*.jar)
check "every link leads to a file" eval '[ -z "$(find "$root" -xtype l)" ]'
for command in "$1"/bin/blkbackd "$1"/bin/blkbackctl; do
    [ ! -e "$command" ] || check "$(basename "$command") is on the administrator's path" \
        [ -L "$root/usr/sbin/$(basename "$command")" ]
done
check "root owns all" eval "! grep -v ' root/root ' '$scratch/list'"
check "and nobody else may write" eval '[ -z "$(find "$root" ! -type l -perm /022)" ]'
check "nothing lies where a package has no business" eval \
    "! names | grep -vE '^/(etc/(blkbackd|xen)/|etc/\$|usr/)' | grep -v '^/\$' | grep ."
check "every file has the same time" [ "$(awk '{ print $4, $5 }' "$scratch/list" | sort -u | wc -l)" = 1 ]

check "what is below /etc is a configuration file, and nothing else" \
    diff <(cd "$root" && find etc -type f | sed 's,^,/,' | sort) <(sort "$control/conffiles")
check "md5sums are those of the files" eval '(cd "$root" && md5sum --quiet -c "$control/md5sums")'
for script in postinst prerm postrm; do
    check "$script is a shell script" sh -n "$control/$script"
    check "$script can be executed" [ -x "$control/$script" ]
    check "$script fails when a command fails" grep -qx 'set -e' "$control/$script"
    check "no token is left in $script" eval "! grep -F '[[' '$control/$script'"
done
check "another Java is noticed" grep -qx 'interest-noawait /usr/lib/jvm' "$control/triggers"

unit=$scratch/blkbackd.service
sed "s,^\(Exec[A-Z][a-z]*\)=/usr/sbin/,\1=$root/usr/lib/blkbackd/bin/," \
    "$root/usr/lib/systemd/system/blkbackd.service" > "$unit"
if command -v systemd-analyze > /dev/null; then
    check "systemd finds nothing wrong with the unit" eval \
        'systemd-analyze verify --man=no "$unit" > "$scratch/verify" 2>&1; ! grep "blkbackd" "$scratch/verify"'
    if systemd-analyze security --offline=true "$unit" > "$scratch/security" 2> /dev/null; then
        exposure=$(sed -n 's/.*exposure level for blkbackd.service: \([0-9]*\)\.\([0-9]\).*/\1\2/p' "$scratch/security")
        check "its exposure is ${exposure%?}.${exposure#"${exposure%?}"}, at most 2.0" [ "$exposure" -le 20 ]
    fi
else
    echo "skip: no systemd-analyze; the unit was not verified"
fi
check "a reload is a hand-over" grep -q '^ExecReload=.*/blkbackctl takeover$' "$unit"
check "in which the successor may say that it is the service" grep -qx 'NotifyAccess=all' "$unit"
check "an upgrade of a running service is one" grep -q 'systemctl --system reload "$unit"' "$control/postinst"
for closed in privcmd hypercall; do
    check "the daemon gets no /dev/xen/$closed" eval "! grep -E '^DeviceAllow=.*$closed' '$unit'"
done
finish
