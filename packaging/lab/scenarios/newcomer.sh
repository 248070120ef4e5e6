#!/bin/bash
# The way of the README from 'apt install ./blkbackd_*.deb' to a guest that has booted: its five commands and no other.
# host: --systemd
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/package.inc"
needs_package
stop_daemon
needs_no_package
mv /etc/modprobe.d/lab.conf /tmp/lab.conf.away
slow_machine
cp "$(package)" /root
cd /root || fail "no /root"
write_config demo loop 'vdev=xvda,format=raw,script=block-blkbackd,target=direct:/root/images/demo.img'
mkdir -p /root/images
began=$SECONDS
run apt install -y ./blkbackd_*.deb
run systemctl is-active blkbackd
run truncate -s 32M /root/images/demo.img
run xl create /tmp/demo.cfg
run xl list demo
follow_unit
wait_guest demo "disk" 300
figure "from the package to a booted guest $((SECONDS - began)) s"
wait_rounds demo 1 180
image_is_open /root/images/demo.img || fail "the disk is not served by us"
run xl destroy demo
assert_no_leftovers
run apt-get purge -y blkbackd
DAEMON=
rm -f /root/blkbackd_*.deb
ok
