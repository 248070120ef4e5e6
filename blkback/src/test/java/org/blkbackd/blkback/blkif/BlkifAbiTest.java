// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers are those of the structs compiled for both machines. */
class BlkifAbiTest {

    @ParameterizedTest
    @CsvSource({"4096,32", "8192,64", "16384,128", "32768,256", "65536,512", "131072,1024"})
    void slotsPerRingSizeAreTheSameInBothLayouts(int bytes, int slots) {
        assertEquals(slots, BlkifAbi.NATIVE.slots(bytes));
        assertEquals(slots, BlkifAbi.X86_32.slots(bytes));
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void theLastSlotEndsInsideTheRing(BlkifAbi abi) {
        for (int bytes = 4096; bytes <= 131072; bytes *= 2) {
            assertEquals(0, abi.slots(bytes) & abi.slots(bytes) - 1);
            int end = SharedRing.HEADER_SIZE + abi.slots(bytes) * abi.slotSize();
            assertEquals(true, end <= bytes, abi + " with " + bytes + " bytes ends at " + end);
        }
    }

    @Test
    void sizesAndOffsetsAreThoseOfTheCompiledStructs() {
        assertEquals(112, BlkifAbi.NATIVE.slotSize());
        assertEquals(8, BlkifAbi.NATIVE.idOffset());
        assertEquals(16, BlkifAbi.NATIVE.sectorOffset());
        assertEquals(24, BlkifAbi.NATIVE.segmentOffset(0));
        assertEquals(104, BlkifAbi.NATIVE.segmentOffset(10));
        assertEquals(108, BlkifAbi.X86_32.slotSize());
        assertEquals(4, BlkifAbi.X86_32.idOffset());
        assertEquals(12, BlkifAbi.X86_32.sectorOffset());
        assertEquals(20, BlkifAbi.X86_32.segmentOffset(0));
        assertEquals(100, BlkifAbi.X86_32.segmentOffset(10));
        assertEquals(64, SharedRing.HEADER_SIZE);
    }

    @Test
    void anAbsentProtocolIsTheOneOfXenBlkback() {
        assertEquals(BlkifAbi.X86_32, BlkifAbi.forProtocol(null, true));
        assertEquals(BlkifAbi.NATIVE, BlkifAbi.forProtocol(null, false));
    }

    @ParameterizedTest
    @CsvSource({"x86_64-abi,true,NATIVE", "x86_32-abi,true,X86_32", "arm-abi,false,NATIVE", "x86_64-abi,false,",
        "x86_32-abi,false,", "arm-abi,true,", "'',true,", "X86_64-ABI,true,",
        "' x86_64-abi',true,", "native,true,", "powerpc64-abi,false,"})
    void aProtocolIsKnownOnItsOwnMachineOnly(String protocol, boolean x86, BlkifAbi expected) {
        if (expected == null) {
            assertNull(BlkifAbi.forProtocol(protocol, x86));
        } else {
            assertEquals(expected, BlkifAbi.forProtocol(protocol, x86));
        }
    }

    @Test
    void aRingInTheWrongByteOrderIsRefused() {
        ByteBuffer big = ByteBuffer.allocateDirect(4096).order(ByteOrder.BIG_ENDIAN);
        assertThrows(IllegalArgumentException.class, () -> new SharedRing(big, BlkifAbi.NATIVE));
    }

    @Test
    void theHeaderLiesWhereRingHSaysIt() {
        ByteBuffer memory = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
        SharedRing ring = new SharedRing(memory, BlkifAbi.NATIVE);
        ring.reqProd(0x01020304);
        ring.reqEvent(0x11121314);
        ring.rspProd(0x21222324);
        ring.rspEvent(0x31323334);
        byte[] header = new byte[16];
        memory.get(0, header);
        assertEquals("04030201" + "14131211" + "24232221" + "34333231", Bytes.hex(header));
        assertEquals(0x01020304, ring.reqProd());
        assertEquals(0x11121314, ring.reqEvent());
        assertEquals(0x21222324, ring.rspProd());
        assertEquals(0x31323334, ring.rspEvent());
    }
}
