#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages: they name all there is to name, and man shows them without complaint.
. "$(dirname "$0")/functions.sh"
dist=${1:?the distribution}
man=$DIST/share/man
main=$DIST/../../../blkback/src/main/java/org/blkbackd/blkback

# The keys of the settings, from the record that holds them: the last word of each component, defaultEngine as default-engine.
keys() {
    sed -n '/^public record BlkbackConfig(/,/) {$/p' "$main/config/BlkbackConfig.java" \
        | sed -n 's/^[ A-Za-z<>@(=|,_"0-9)]* \([a-z][A-Za-z]*\)\(,\|) {\)$/\1/p' \
        | sed 's/\([A-Z]\)/-\l\1/g'
}

check "there are keys ($(keys | wc -l))" [ "$(keys | wc -l)" -ge 5 ]
for key in $(keys); do
    check "blkbackd.conf(5) has $key" grep -qE "^\.It Cm $key\$" "$man/man5/blkbackd.conf.5"
    check "blkbackd.conf has $key" grep -qE "^#? ?$key = " "$DIST/etc/blkbackd/blkbackd.conf"
done
check "blkbackd.conf(5) has no other keys" diff <(keys | sort) <(sed -n 's/^\.It Cm //p' "$man/man5/blkbackd.conf.5" | sort)

"$dist/bin/blkbackd" serve --help > "$scratch/serve"
for option in $(grep -o -- '--[a-z]*' "$scratch/serve" | sort -u | grep -vE -- '--(help|version)'); do
    check "blkbackd(8) has $option" grep -qE "^\.It Fl -${option#--}( |\$)" "$man/man8/blkbackd.8"
done
if [ -x "$dist/bin/blkbackctl" ]; then
    "$dist/bin/blkbackctl" --help > "$scratch/ctl"
    for command in $(sed -n '/^Commands:/,$s/^  \([a-z-][a-z-]*\) .*/\1/p' "$scratch/ctl" | grep -v '^help$'); do
        check "blkbackctl(8) has $command" grep -qE "^\.It Cm $command( |\$)" "$man/man8/blkbackctl.8"
        "$dist/bin/blkbackctl" "$command" --help > "$scratch/$command"
        for option in $(grep -o -- '--[a-z]*' "$scratch/$command" | sort -u | grep -vE -- '--(help|version)'); do
            check "blkbackctl(8) has $option" grep -q -- "Fl -${option#--}" "$man/man8/blkbackctl.8"
        done
    done
fi

for page in "$man"/*/*; do
    name=$(basename "$page")
    if command -v man > /dev/null; then
        LC_ALL=C.UTF-8 man --warnings -l -E UTF-8 -Tutf8 "$page" > "$scratch/shown" 2> "$scratch/warnings"
        check "man shows $name without complaint" eval '[ -s "$scratch/shown" ] && [ ! -s "$scratch/warnings" ]'
        cat "$scratch/warnings"
    else
        echo "skip: no man; $name was not shown"
    fi
    if command -v mandoc > /dev/null; then
        check "mandoc finds nothing wrong with $name" mandoc -Tlint -Wwarning "$page"
    fi
done
finish
