#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""receive.py no-ready|no-report|cut [SECONDS]: an 'xl migrate-receive' to which something happens.

no-ready     it is killed when it has the domain's memory: the other xl never says that the guest may run here
no-report    it is killed when the guest runs here, which the other xl is never told
cut          the network goes when the guest may run here, but does not yet, and comes back after some seconds
"""
import os
import subprocess
import sys
import threading

READY, REPORT = b"domain received, ready to unpause", b"my copy unpause results"
mode = sys.argv[1]
ready = threading.Event()
xl = subprocess.Popen(["xl", "migrate-receive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def link(state):
    subprocess.run(["ip", "link", "set", "eth0", state], check=True)


def network_is_out():
    link("down")
    back = threading.Timer(float(sys.argv[2]), link, ["up"])
    back.daemon = False    # xl may have ended by then
    back.start()


def hear():
    """What the other xl says, and the guest's memory. Its last word is that the guest may run."""
    heard = os.read(0, 65536)
    while heard:
        if mode == "cut" and ready.is_set():
            network_is_out()
            ready.clear()
        xl.stdin.write(heard)
        xl.stdin.flush()
        heard = os.read(0, 65536)
    xl.stdin.close()


threading.Thread(target=hear, daemon=True).start()
said = os.read(xl.stdout.fileno(), 4096)
while said:
    if mode == "no-ready" and READY in said or mode == "no-report" and REPORT in said:
        xl.kill()
        os._exit(1)
    if READY in said:
        ready.set()
    os.write(1, said)
    said = os.read(xl.stdout.fileno(), 4096)
sys.exit(xl.wait())
