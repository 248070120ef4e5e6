// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.blkbackd.grant.GrantMapping;

/** Pages of a simulated guest at consecutive addresses. */
final class SimGrantMapping implements GrantMapping {

    private final long address;
    private final ByteBuffer buffer;
    private final Runnable unmap;
    private final AtomicBoolean closed = new AtomicBoolean();

    SimGrantMapping(long address, long length, Runnable unmap) {
        this.address = address;
        this.buffer = new Pointer(address).getByteBuffer(0, length).order(ByteOrder.LITTLE_ENDIAN);
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
