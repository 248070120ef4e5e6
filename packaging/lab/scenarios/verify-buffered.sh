#!/bin/bash
# As verify-direct, through the page cache.
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/verify.sh"
verify_with buffered
