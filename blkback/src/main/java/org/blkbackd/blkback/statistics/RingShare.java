// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

/**
 * What one ring contributes to its disk's {@link StatisticsFile}. Owned by the ring's worker. A disk that is connected
 * again goes on with a new share, and its totals with it.
 */
public final class RingShare {

    private final StatisticsFile file;
    private long reads;
    private long readSectors;
    private long writes;
    private long writeSectors;
    private long ioErrors;

    RingShare(StatisticsFile file) {
        this.file = file;
    }

    /**
     * Publishes what the ring has done so far in all: requests once they have been answered, sectors of 512 bytes.
     * Costs nothing to speak of where nothing has changed.
     */
    public void publish(long nowReads, long nowReadSectors, long nowWrites, long nowWriteSectors, long nowIoErrors) {
        if (nowReads != reads) {
            file.add(StatisticsFile.READS_SUBMITTED, nowReads - reads);
            file.add(StatisticsFile.READS_COMPLETED, nowReads - reads);
            file.add(StatisticsFile.READ_SECTORS, nowReadSectors - readSectors);
            reads = nowReads;
            readSectors = nowReadSectors;
        }
        if (nowWrites != writes) {
            file.add(StatisticsFile.WRITES_SUBMITTED, nowWrites - writes);
            file.add(StatisticsFile.WRITES_COMPLETED, nowWrites - writes);
            file.add(StatisticsFile.WRITE_SECTORS, nowWriteSectors - writeSectors);
            writes = nowWrites;
            writeSectors = nowWriteSectors;
        }
        if (nowIoErrors != ioErrors) {
            file.add(StatisticsFile.IO_ERRORS, nowIoErrors - ioErrors);
            ioErrors = nowIoErrors;
        }
    }
}
