// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** Literal bytes for the tests of this package. */
final class Bytes {

    private Bytes() {
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** The bytes of {@code hex}, whose blanks only help the reader. */
    static byte[] parse(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    /** A direct little-endian buffer filled with {@code fill}. */
    static ByteBuffer memory(int bytes, int fill) {
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < bytes; i++) {
            memory.put(i, (byte) fill);
        }
        return memory;
    }

    /** An empty ring whose four header words stand at {@code first}. */
    static SharedRing ring(BlkifAbi abi, int bytes, int first) {
        SharedRing ring = new SharedRing(memory(bytes, 0xA5), abi);
        ring.reqProd(first);
        ring.rspProd(first);
        ring.reqEvent(first + 1);
        ring.rspEvent(first + 1);
        return ring;
    }
}
