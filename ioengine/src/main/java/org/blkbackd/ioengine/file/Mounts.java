// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

/** What the kernel's lists of mounts say of a file system. */
final class Mounts {

    private Mounts() {
    }

    /**
     * The type of a file system, from /proc/self/mountinfo (proc_pid_mountinfo(5)): {@code ID PARENT MAJOR:MINOR ROOT
     * POINT OPTIONS [FIELD...] - TYPE SOURCE SUPEROPTIONS}.
     *
     * @param mountId -1 to go by the device alone
     * @return empty when it is not in the list
     */
    static String type(String mountinfo, long mountId, String device) {
        for (String line : String.valueOf(mountinfo).split("\n")) {
            int separator = line.indexOf(" - ");
            String[] word = line.split(" ");
            if (separator > 0 && word.length > 6
                && (mountId == -1 ? word[2].equals(device) : word[0].equals(Long.toString(mountId)))) {
                return line.substring(separator + 3).split(" ")[0];
            }
        }
        return "";
    }

    /**
     * The fsid that the server gave a mounted NFS, from /proc/fs/nfsfs/volumes: {@code v4 c000020a 801 0:52
     * 7f3a...:91c4... no}, which is version, server, port, device, fsid (two hexadecimal numbers), cache.
     *
     * @return null when it is not in the list: it belongs to another network name space, perhaps
     */
    static String nfsId(String volumes, String device) {
        for (String line : String.valueOf(volumes).split("\n")) {
            String[] word = line.strip().split("\\s+");
            if (word.length >= 5 && word[3].equals(device) && word[4].matches("[0-9a-f]+:[0-9a-f]+")) {
                return word[4];
            }
        }
        return null;
    }
}
