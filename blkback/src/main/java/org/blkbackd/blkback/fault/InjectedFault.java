// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.fault;

/** A step failed because a test wanted it to. */
public final class InjectedFault extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InjectedFault(FaultPoint point) {
        super("injected fault at " + point);
    }
}
