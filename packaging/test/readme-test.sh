#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every test and every lab scenario that the README's table of features names is there.
. "$(dirname "$0")/functions.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

rows=$(sed -n '/^| feature /,/^$/p' "$root/README.md" | tail -n +3)
check "the README has its table of features" [ "$(echo "$rows" | wc -l)" -ge 30 ]

nameless=
missing=
while IFS='|' read -r _ feature _ _ _ ours shown _; do
    names=$(echo "$shown" | grep -o '`[^`]*`' | tr -d '`')
    [ -n "$names" ] || nameless="$nameless$feature;"
    for name in $names; do
        case $name in
            *Test) find "$root" -path '*/src/test/*' -name "$name.java" | grep -q . || missing="$missing $name" ;;
            *) [ -f "$root/packaging/lab/scenarios/$name.sh" ] || missing="$missing $name" ;;
        esac
    done
    case $ours in *no*|*' - '*) missing="$missing (ours:$feature)" ;; esac
done <<< "$rows"
check "each line names what shows it${nameless:+, but not:$nameless}" [ -z "$nameless" ]
check "and that is there${missing:+, but not:$missing}" [ -z "$missing" ]
