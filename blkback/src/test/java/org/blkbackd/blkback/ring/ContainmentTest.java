// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A defect below the ring, which nobody has foreseen, costs that ring and nothing else. */
class ContainmentTest {

    @TempDir
    private Path dir;

    @Test
    void aDefectIsToldOnceAndTheRingStopsAndCanBeReleased() {
        Disk disk = new MemoryProvider().open(DiskSpec.parse("memory:1M"), false);
        try (RingRig rig = new RingRig(dir, defective(disk), false, BlkifAbi.NATIVE, 0)) {
            rig.request(Blkif.OP_WRITE, 1, 0);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 1);
            rig.request(Blkif.OP_READ, 2, 0);
            rig.request(Blkif.OP_WRITE, 3, 0);
            rig.push();
            rig.expect("halted");
            rig.expect("fault java.lang.IllegalStateException: a defect");
            for (int i = 0; i < 200; i++) {
                rig.kick();
            }
            rig.stop();
            assertTrue(rig.told.isEmpty(), rig.told::toString);
            assertEquals(1, rig.front.shared().rspProd());
        }
        disk.close();
    }

    /** The same disk with engines that break when they are asked to read. */
    private static Disk defective(Disk disk) {
        return proxy(Disk.class, disk);
    }

    private static <T> T proxy(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            if (method.getName().equals("submit") && ((IoRequest) args[0]).operation() == IoRequest.Operation.READ) {
                throw new IllegalStateException("a defect");
            }
            try {
                Object result = method.invoke(target, args);
                return result instanceof IoEngine engine ? proxy(IoEngine.class, engine) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }
}
