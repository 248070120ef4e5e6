// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Finds the process that keeps an image from us, for a message; best effort. It looks through the lock lines of
 * {@code /proc/PID/fdinfo/FD} (Linux 4.1 and later) and touches no file of anybody: one on storage that does not answer
 * would stop us. A line is like {@code lock: 1: OFDLCK ADVISORY READ -1 fe:00:1234 100 101}: device in hexadecimal,
 * inode, first and last byte. The device is not compared: some file systems invent the number that stat tells.
 */
final class LockHolder {

    private static final Path PROC = Path.of("/proc");

    private LockHolder() {
    }

    /** Like "qemu-img (pid 1234)", or empty. */
    static String find(String image) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            long inode = (Long) Files.getAttribute(Path.of(image), "unix:ino");
            for (Path process : processes) {
                if (holds(process, inode)) {
                    return describe(process);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return "";
        }
        return "";
    }

    private static boolean holds(Path process, long inode) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fdinfo"))) {
            for (Path descriptor : descriptors) {
                if (read(descriptor).lines().anyMatch(line -> isLockOf(line, inode))) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // it has ended, or is none of our business
            return false;
        }
        return false;
    }

    static boolean isLockOf(String line, long inode) {
        String[] word = line.strip().split("\\s+");
        if (word.length < 9 || !word[0].equals("lock:") || !word[2].equals("OFDLCK") && !word[2].equals("POSIX")) {
            return false;
        }
        String[] place = word[6].split(":");
        long first = number(word[7]);
        long last = word[8].equals("EOF") ? Long.MAX_VALUE : number(word[8]);
        return place.length == 3 && number(place[2]) == inode && first >= 0
            && first < ImageLock.UNSHARED + ImageLock.PERMISSIONS && last >= ImageLock.HELD;
    }

    private static String describe(Path process) {
        long pid = number(process.getFileName().toString());
        if (pid == ProcessHandle.current().pid()) {
            return "another disk of this service (pid " + pid + ")";
        }
        StringBuilder name = new StringBuilder();
        read(process.resolve("comm")).codePoints()
            .forEach(c -> name.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return String.format(Locale.ROOT, "%s (pid %d)", name.isEmpty() ? "a process" : name, pid);
    }

    private static String read(Path file) {
        String text = SysText.read(file);
        return text == null ? "" : text;
    }

    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
