#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh [OPTION...]: shows blkbackd at work on a machine without Xen; builds it first where that is needed.
# The options are those of 'blkbackd demo': --help lists them.
set -eu
dist=$("$(dirname "$(readlink -f "$0")")/dist")
exec "$dist/bin/blkbackd" demo "$@"
