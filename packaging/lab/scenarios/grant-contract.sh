#!/bin/bash
# The contract tests of the grant module against the real hypervisor. They come as a class path in the share.
. "$(dirname "$0")/functions.sh"
needs_blkbackd
[ -d "$SHARE/tests" ] || skip "no class path with contract tests; LAB_TESTS=DIR run grant-contract brings one"
# DIR/run-tests is called in dom0 with DIR as the current folder.
cd "$SHARE/tests" && ./run-tests || fail "the contract tests failed"
ok
