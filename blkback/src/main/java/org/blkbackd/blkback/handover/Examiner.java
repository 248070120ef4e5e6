// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.util.List;
import org.blkbackd.blkback.device.HandOver.Candidate;

/** Says what would keep a new process from serving devices, before any of them is touched. */
@FunctionalInterface
public interface Examiner {

    /** One line for each obstacle, with the name of the device where it is one device's; empty when there is none. */
    List<String> examine(List<Candidate> candidates);
}
