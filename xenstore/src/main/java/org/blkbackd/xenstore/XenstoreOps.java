// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The node operations, the same inside a {@link Transaction} and outside. Paths are absolute ({@code /local/...}) or
 * relative to {@code /local/domain/<own domid>}. Values are text in UTF-8; bytes that are not UTF-8 read as U+FFFD.
 *
 * <p>Every method blocks until xenstored answers or the client's time-out has passed, and throws
 * {@link XenstoreException}. One that waits for many answers has the time-out for each, counted from the one before.
 */
public interface XenstoreOps {

    /** The value of a node that must exist. */
    String read(String path);

    /** The value of a node, or null when there is no such node. */
    String readOrNull(String path);

    /** Sets a value, making the node and its parents where they are missing. */
    void write(String path, String value);

    /**
     * The values of many nodes, in the order of the paths; a node that does not exist is not in the map. The client
     * sends all requests before it waits for an answer. Another error than ENOENT is thrown as by {@link #read}, the
     * first of several, after all answers have come. Outside a transaction others may write in between.
     */
    default Map<String, String> readAll(Collection<String> paths) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String path : paths) {
            String value = readOrNull(path);
            if (value != null) {
                values.put(path, value);
            }
        }
        return values;
    }

    /**
     * Sets many values, in the map's order. The client sends all requests before it waits for an answer, so an error
     * does not keep the later ones from being written; the first error is thrown after all answers have come. Nothing
     * is sent when a path or value is too long or cannot be one.
     */
    default void writeAll(Map<String, String> values) {
        values.forEach(this::write);
    }

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
