// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;

/**
 * A list of children that is too long for one message, {@code XS_DIRECTORY_PART}.
 *
 * <p>Each part is the node's generation NUL, then children from a byte offset on, each with its NUL; the last part ends
 * with one more NUL. When the generation changes between two parts the list is begun anew.
 */
final class DirectoryParts {

    /** 16 MiB of names; a real list ends long before. */
    private static final int MOST_PARTS = 4096;

    private final Function<String, Message> partAtOffset;
    private final String what;
    private final List<String> children = new ArrayList<>();
    private String generation;
    private int offset;

    DirectoryParts(Function<String, Message> partAtOffset, String what) {
        this.partAtOffset = partAtOffset;
        this.what = what;
    }

    List<String> list() {
        for (int parts = 0; parts < MOST_PARTS; parts++) {
            if (add(partAtOffset.apply(Integer.toString(offset)).strings())) {
                return children;
            }
        }
        throw new XenstoreException(what + ": no end after " + MOST_PARTS + " parts", "EIO");
    }

    /** Whether that was the last part. */
    private boolean add(List<String> part) {
        if (part.size() < 2) {
            throw new XenstoreException(what + ": a part with nothing in it", "EIO");
        }
        if (generation != null && !generation.equals(part.get(0))) {
            generation = null;
            offset = 0;
            children.clear();
            return false;
        }
        generation = part.get(0);
        boolean last = part.get(part.size() - 1).isEmpty();
        for (String child : part.subList(1, last ? part.size() - 1 : part.size())) {
            children.add(child);
            offset += child.getBytes(StandardCharsets.UTF_8).length + 1;
        }
        return last;
    }
}
