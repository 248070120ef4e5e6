# SPDX-License-Identifier: Apache-2.0
# Common to the tests here: a scratch directory, and one line for each check. Sourced.
DIST=$(cd "$(dirname "$0")/../src/dist" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# check TEXT COMMAND...: the command must succeed
check() {
    local text=$1
    shift
    if "$@"; then
        echo "ok $text"
    else
        echo "FAIL $text"
        failures=$((failures + 1))
    fi
}

finish() {
    [ "$failures" = 0 ]
    exit $?
}
