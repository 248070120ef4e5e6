#!/bin/bash
# As many disks as a guest has names for in xvdb..xvdz, attached one after the other, used, and gone with the guest.
. "$(dirname "$0")/functions.sh"
start_daemon
start_idle_guest m "$(disk xvda "$(make_image m.img 32)")"
began=$(now_ms)
count=0
for letter in b c d e f g h i j k l m n o p q r s t u v w x y; do
    attach m "$(disk "xvd$letter" "$(make_image "$letter.img" 4)")"
    count=$((count + 1))
done
figure "$count attached in $((($(now_ms) - began) / 1000)) s"
guest_must m "for d in /sys/block/xvd[b-y]; do n=\${d##*/}; wait_disk \$n || exit 1; tester /dev/\$n 1 16 7 || exit 1; done" 300
began=$(now_ms)
run xl destroy m
figure "destroyed in $((($(now_ms) - began) / 1000)) s"
ok
