#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The distribution as it was built: what must be there is there, and nothing that is only for tests.
. "$(dirname "$0")/functions.sh"
dist=${1:?the distribution}

check "the launcher can be executed" [ -x "$dist/bin/blkbackd" ]
check "the hot-plug script can be executed" [ -x "$dist/etc/xen/scripts/block-blkbackd" ]
check "the stub device model can be executed" [ -x "$dist/libexec/blkbackd-stub-dm" ]
for file in etc/blkbackd/blkbackd.conf share/doc/blkbackd/LICENSE lib/native/{x86_64,aarch64}/libjnidispatch.so; do
    check "$file is there" [ -s "$dist/$file" ]
done
for module in blkback grant ioengine xenstore jna; do
    check "one $module jar" eval "[ \$(ls '$dist'/lib/$module-[0-9]*.jar | wc -l) = 1 ]"
done
check "no test library" eval "! ls '$dist'/lib | grep -E 'junit|awaitility|opentest4j|tests'"
check "every name in the archive is below one folder" eval \
    "[ \$(tar tf '$dist.tar.gz' | cut -d/ -f1 | sort -u) = '$(basename "$dist")' ]"
check "the archive holds the same files" eval \
    "diff <(cd '$dist' && find . -type f | sort) <(tar tf '$dist.tar.gz' | grep -v '/\$' | sed 's,^[^/]*,.,' | sort)"
check "root owns them" eval "! tar tvf '$dist.tar.gz' | grep -v ' root/root '"
finish
