// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.nio.file.Path;

/** A running xenstored under test. One serves all tests of a class, so each works below its own {@link #base}. */
interface ContractRig {

    /** Domain 0's socket. */
    Path socket();

    /** A new connection of domain 0, closed after the test. */
    RawClient dom0();

    /** A new domain: introduced, with a home it owns at /local/domain/N. */
    int newDomain();

    /** The domain's connection. */
    RawClient guest(int domid);

    /** The hypervisor makes a domain that has no xenstore yet. */
    int createDomain();

    /** Makes an existing domain's xenstore connection, as the toolstack does. */
    void introduce(int domid);

    /** The domain dies and xenstored notices. */
    void destroy(int domid);

    /** A client of domain 0, closed after the test. */
    XenstoreClient client();

    /** A client of the domain. */
    XenstoreClient guestClient(int domid);

    /** A node of this test's own, which exists. */
    String base();
}
