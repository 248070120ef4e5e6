# SPDX-License-Identifier: Apache-2.0
# verify_with ENGINE: what verify-direct and verify-buffered do. Sourced.
verify_with() {
    start_daemon
    local image guests
    image=$(make_image verify.img 16)
    start_guest v verify "$(disk xvda "$image" "$1")"
    wait_guest v "verify rc=0" 180
    [ -z "$DAEMON" ] || assert_uring
    wait_guest v "done" 120
    wait_gone v 30
    assert_guest_clean v
    guest_says v "io-errors 0" || fail "the guest did not count its I/O errors"
    guest_says v "filesystem rc=0" || fail "the guest could not use a file system"
    assert_no_leftovers
    guests=$(sed -n 's/.*GUEST: sha256 \([0-9a-f]*\).*/\1/p' "$CONSOLES/guest-v.log")
    [ "$guests" = "$(sha256sum < "$image" | cut -d' ' -f1)" ] || fail "the image is not what the guest read: $guests"
    ok
}
