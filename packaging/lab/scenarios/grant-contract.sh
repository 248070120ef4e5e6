#!/bin/bash
# The contract tests of the grant module against the real hypervisor.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
[ -d "$SHARE/tests" ] || fail "run.sh has not brought the contract tests"
cd "$SHARE/tests" && ./run-tests || fail "the contract tests failed"
ok
