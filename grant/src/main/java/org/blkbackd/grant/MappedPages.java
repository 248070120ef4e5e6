// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/** A mapping of which only the undoing differs between hypervisors. */
public final class MappedPages implements GrantMapping {

    private final long address;
    private final ByteBuffer buffer;
    private final Runnable unmap;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** {@code unmap} runs once, on {@link #close}. */
    public MappedPages(long address, long lengthBytes, Runnable unmap) {
        this.address = address;
        this.buffer = new Pointer(address).getByteBuffer(0, lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        this.unmap = unmap;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public ByteBuffer buffer() {
        return buffer;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            unmap.run();
        }
    }
}
