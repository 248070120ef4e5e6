#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two hosts by one clock, which is that of the machine that emulates both: it stamps the files of their common share.

hosts.py watch STAMP IMAGE      'open MS' when blkbackd here is first seen with the image open, 'closed MS' with when it was
                                last seen so; four times a second, until killed
hosts.py follow FILE OUT        adds to OUT whatever the other host adds to FILE, which inotify does not tell here
hosts.py overlap FILE FILE      what two of these printed: fails if both had the image open, or one never; and how long
                                nobody had it each time it went from one to the other
"""
import os
import sys
import time

DAEMON_FILE = "/run/blkbackd-lab"
EVERY_S = 0.25


def now_ms():
    return time.time() * 1000


def ahead(stamp):
    """By how many ms this host's clock is ahead of the share's. The best of some tries: the shortest."""
    best = None
    for _ in range(10):
        before = now_ms()
        os.utime(stamp)
        after = now_ms()
        if best is None or after - before < best[0]:
            best = after - before, (before + after) / 2 - os.stat(stamp).st_mtime_ns / 1e6
    return best[1]


def is_open(image):
    try:
        with open(DAEMON_FILE) as file:
            folder = "/proc/%d/fd" % int(file.read().split()[0])
        return any(target(folder, fd) == image for fd in os.listdir(folder))
    except (OSError, ValueError, IndexError):
        return False    # no daemon


def target(folder, fd):
    try:
        return os.readlink(os.path.join(folder, fd))
    except OSError:
        return None


def watch(stamp, image):
    seen = None
    while True:
        at = now_ms()
        if is_open(image):
            if seen is None:
                print("open %.0f" % (at - ahead(stamp)), flush=True)
            seen = at
        elif seen is not None:
            print("closed %.0f" % (seen - ahead(stamp)), flush=True)
            seen = None
        time.sleep(EVERY_S)


def follow(file, out):
    with open(file, "rb", buffering=0) as there, open(out, "ab", buffering=0) as here:
        while True:
            here.write(there.read(65536))
            time.sleep(0.3)


def times(file):
    """From when to when it was seen open."""
    with open(file) as lines:
        events = [(word, float(ms)) for word, ms in map(str.split, lines)]
    opened = [ms for word, ms in events if word == "open"]
    closed = [ms for word, ms in events if word == "closed"]
    return list(zip(opened, closed + [float("inf")]))


def overlap(first, second):
    ours, theirs = times(first), times(second)
    if not ours or not theirs:
        sys.exit("never seen open on one of them")
    for a, b in ours:
        for c, d in theirs:
            if max(a, c) < min(b, d):
                sys.exit("both from %.0f to %.0f ms" % (max(a, c), min(b, d)))
    gaps = gaps_between(ours, theirs)
    print("opened %d times here and %d there, never both, closed to open %.0f-%.0f ms"
          % (len(ours), len(theirs), min(gaps), max(gaps)))


def gaps_between(ours, theirs):
    """In ms, from when one of them was last seen with it to when the other was first."""
    opens = sorted([span + ("here",) for span in ours] + [span + ("there",) for span in theirs])
    return [after[0] - before[1] for before, after in zip(opens, opens[1:]) if before[2] != after[2]]


{"watch": watch, "follow": follow, "overlap": overlap}[sys.argv[1]](sys.argv[2], sys.argv[3])
