#!/bin/bash
# A guest's verified writes, a file system, and the whole disk's checksum, the same in the guest and in dom0.
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/verify.sh"
verify_with direct
