// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.blkbackd.blkback.fault.Faults;
import org.blkbackd.blkback.wire.RingRecord;
import org.blkbackd.blkback.wire.WireException;

/**
 * The journals of all rings: files {@code DEVICE.QUEUE} in a folder that outlives the process and need not outlive the
 * host, for whose end is the guests' end too. Quick: the folder is in memory. Owned by the conductor.
 */
public final class JournalFolder {

    private static final String UNFINISHED = ".new";

    private final Path folder;

    /** A journal that was found, and what ring it is of. */
    public record Found(RingRecord record, RingJournal journal) {
    }

    /** @param folder is made when it is needed */
    public JournalFolder(Path folder) {
        this.folder = folder;
    }

    /** Where the journals are. */
    public Path path() {
        return folder;
    }

    private Path file(String device, int queue) {
        return folder.resolve(device + "." + queue);
    }

    /**
     * A new journal in the place of any other of this queue. All its pages are there before it is mapped: a full file
     * system is an error here, and no signal later.
     *
     * @throws JournalException when there cannot be one; then there is none
     */
    public RingJournal create(RingRecord record) throws JournalException {
        remove(record.device(), record.queue());
        if (Faults.isOff(Faults.Safeguard.JOURNAL)) {
            return RingJournal.volatileOnly(record.slots());
        }
        Path file = file(record.device(), record.queue());
        Path unfinished = folder.resolve(file.getFileName() + UNFINISHED);
        try {
            Files.createDirectories(folder);
            Files.deleteIfExists(unfinished);
            RingJournal journal = write(unfinished, record);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            return journal;
        } catch (IOException e) {
            quietly(unfinished);
            throw new JournalException(file + " cannot be made: " + reason(e), e);
        }
    }

    private static RingJournal write(Path file, RingRecord record) throws IOException {
        int size = RingJournal.size(record.slots());
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer content = ByteBuffer.allocate(size);
            content.put(record.encode()).clear();
            while (content.hasRemaining()) {
                channel.write(content);
            }
            return new RingJournal(map(channel, size), record.slots(), true);
        }
    }

    private static ByteBuffer map(FileChannel channel, int size) throws IOException {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether a device has a journal, good or not. */
    public boolean has(String device) {
        return Files.exists(file(device, 0));
    }

    /**
     * The journal of one queue.
     *
     * @throws JournalException when there is none, or what is there cannot be relied on
     */
    public Found open(String device, int queue) throws JournalException {
        Path file = file(device, queue);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer head = ByteBuffer.allocate(RingJournal.CURSORS).order(ByteOrder.LITTLE_ENDIAN);
            while (head.hasRemaining() && channel.read(head) >= 0) {
                // until it is full or the file ends
            }
            RingRecord record = RingRecord.decode(head.flip());
            if (!record.device().equals(device) || record.queue() != queue) {
                throw new JournalException(file + " is of " + record.device() + " queue " + record.queue());
            }
            if (channel.size() != RingJournal.size(record.slots())) {
                throw new JournalException(file + " has " + channel.size() + " bytes, must be "
                    + RingJournal.size(record.slots()));
            }
            return new Found(record, new RingJournal(map(channel, (int) channel.size()), record.slots(), true));
        } catch (NoSuchFileException e) {
            throw new JournalException("there is no journal " + file, e);
        } catch (IOException e) {
            throw new JournalException(file + " cannot be read: " + reason(e), e);
        } catch (WireException e) {
            throw new JournalException(file + ": " + e.getMessage(), e);
        }
    }

    /** Removes the journals of a device, if there are any; queue 0 last, because that one says that there are. */
    public void remove(String device) {
        for (int queue = RingRecord.MAX_QUEUES - 1; queue >= 0; queue--) {
            remove(device, queue);
        }
    }

    private void remove(String device, int queue) {
        quietly(file(device, queue));
    }

    /** The devices that have journals. */
    public List<String> devices() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.matches("[a-z0-9-]+\\.[0-9]+"))
                .map(name -> name.substring(0, name.lastIndexOf('.'))).distinct().sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static void quietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // it cannot be relied on anyway: a journal is believed only with the name of its connection
            return;
        }
    }

    private static String reason(IOException e) {
        return e instanceof FileSystemException f && f.getReason() != null ? f.getReason()
            : e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
