// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

import java.util.List;

/**
 * The node operations, the same inside a {@link Transaction} and outside. Paths are absolute ({@code /local/...}) or
 * relative to {@code /local/domain/<own domid>}. Values are text in UTF-8; bytes that are not UTF-8 read as U+FFFD.
 *
 * <p>Every method blocks until xenstored answers or the client's time-out has passed, and throws
 * {@link XenstoreException}.
 */
public interface XenstoreOps {

    /** The value of a node that must exist. */
    String read(String path);

    /** The value of a node, or null when there is no such node. */
    String readOrNull(String path);

    /** Sets a value, making the node and its parents where they are missing. */
    void write(String path, String value);

    /** Makes an empty node and its parents; an existing node stays as it is. */
    void mkdir(String path);

    /** Names of a node's children; empty when the node does not exist. */
    List<String> directory(String path);

    /** Removes a node and all below it; nothing happens when it does not exist. */
    void remove(String path);

    /** Owner first, then one entry per further domain. */
    List<Permission> permissions(String path);

    /** Replaces the permissions of an existing node. */
    void setPermissions(String path, List<Permission> permissions);
}
