// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/**
 * The file of a listening unix socket. It is bound under another name, given its mode and then moved into place, so
 * that nobody ever finds it with the wrong mode, nor not listening.
 */
public final class SocketFile {

    private static final int SOCKET_TYPE = 0140000;
    private static final int TYPE_MASK = 0170000;
    private static final String OWNER_ONLY = "rw-------";

    private final Path path;
    private final Path bound;
    private Object identity;

    private SocketFile(Path path) {
        this.path = path;
        bound = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid());
    }

    /**
     * Makes sure that {@code path} is free: its folder exists, and what stands there is at most a socket that nobody
     * answers on.
     *
     * @throws IOException with a line for the administrator
     */
    public static SocketFile prepare(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        if (absolute.getParent() != null) {
            Files.createDirectories(absolute.getParent());
        }
        if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
            if (!isSocket(absolute)) {
                throw new IOException(path + " is there and is no socket; move it away");
            }
            if (isAnswered(absolute)) {
                throw new SocketTakenException(path + " is answered by another process; is blkbackd running already?");
            }
        }
        SocketFile file = new SocketFile(absolute);
        Files.deleteIfExists(file.bound);
        return file;
    }

    /** Where to bind. */
    public UnixDomainSocketAddress bindAddress() {
        return UnixDomainSocketAddress.of(bound);
    }

    /** Once it listens: puts it in place, for its owner only. */
    public void publish() throws IOException {
        Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString(OWNER_ONLY));
        identity = identity(bound);
        try {
            Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException(path + " cannot be put in place: " + e.getMessage(), e);
        }
    }

    /** Takes the file away, unless it is another's by now. */
    public void remove() throws IOException {
        Files.deleteIfExists(bound);
        if (identity != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
            && Objects.equals(identity, identity(path))) {
            Files.deleteIfExists(path);
        }
    }

    private static Object identity(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isSocket(Path path) throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & TYPE_MASK) == SOCKET_TYPE;
    }

    private static boolean isAnswered(Path path) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
