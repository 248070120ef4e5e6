#!/bin/bash
# The Debian package: installed, its unit running and watched, upgraded, removed, purged; guests' disks served by it.
# host: --systemd
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/package.inc"
needs_package
stop_daemon
needs_no_package
slow_machine
began=$SECONDS
run apt-get install -y "$(package)"
figure "installed in $((SECONDS - began)) s"
wait_for 300 unit_is_active || fail "the unit is $(unit ActiveState)/$(unit SubState): $(journalctl -u blkbackd -n 20 --no-pager)"
figure "active after $((SECONDS - began)) s"
expect "its type" notify "$(unit Type)"
[ "$(unit WatchdogUSec)" != 0 ] || fail "no watchdog"
pulse=$(unit WatchdogTimestampMonotonic)
say "watchdog $(unit WatchdogUSec), last seen at $pulse us"
expect "enabled" enabled "$(systemctl is-enabled blkbackd)"
follow_unit
start_guest u loop "$(disk xvda "$(make_image u.img 32)")"
wait_rounds u 2 300
watched() {
    [ "$(unit WatchdogTimestampMonotonic)" != "$pulse" ]
}
wait_for 120 watched || fail "the watchdog is not told that it lives"
command -v blkbackctl > /dev/null && { blkbackctl list || fail "blkbackctl list"; }
run xl destroy u
assert_no_leftovers

# a higher version
work=$(mktemp -d -p /root)
dpkg-deb -R "$(package)" "$work/tree"
version=$(dpkg-deb -f "$(package)" Version)
sed -i "s/^Version: .*/Version: $version+1/" "$work/tree/DEBIAN/control"
dpkg-deb --root-owner-group -Z gzip -z 1 -b "$work/tree" "$work/blkbackd_new.deb" > /dev/null
before=$(unit MainPID)
echo "# changed by the administrator" >> /etc/blkbackd/blkbackd.conf
began=$SECONDS
run apt-get install -y "$work/blkbackd_new.deb"
expect "the version" "$version+1" "$(dpkg-query -W -f '${Version}' blkbackd)"
wait_for 300 unit_is_active || fail "the unit is $(unit ActiveState) after the upgrade"
[ "$(unit MainPID)" != "$before" ] || fail "the daemon was not restarted"
grep -q "changed by the administrator" /etc/blkbackd/blkbackd.conf || fail "the settings were overwritten"
figure "upgraded in $((SECONDS - began)) s"
follow_unit
start_guest u loop "$(disk xvda "$IMAGES/u.img")"
wait_rounds u 1 300
run xl destroy u
assert_no_leftovers

run apt-get remove -y blkbackd
DAEMON=
unit_is_active && fail "the unit is still active after the removal"
[ -e /etc/blkbackd/blkbackd.conf ] || fail "the settings went with the removal"
run apt-get purge -y blkbackd
left=$(find / -xdev -name '*blkbackd*' -not -path '/proc/*' -not -path '/opt/*' -not -path '/var/log/*' \
    -not -path '/var/cache/*' -not -path '/root/*' -not -path '/lab/*' -not -path '/etc/systemd/system/blkbackd.service.d*' \
    -not -path '*/dpkg/info/*' -not -path '/usr/local/bin/*' 2> /dev/null | head -n 5 | tr '\n' ' ')
[ -z "$left" ] || fail "left after the purge: $left"
figure "removed and purged"
ok
