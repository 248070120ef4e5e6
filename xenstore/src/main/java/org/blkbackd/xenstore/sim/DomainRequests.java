// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.List;
import java.util.function.IntConsumer;
import org.blkbackd.xenstore.wire.Message;

/** INTRODUCE, RELEASE and what else is said about domains; for domain 0 alone. */
final class DomainRequests {

    /** {@code DOMID_SELF} of xen.h. */
    private static final int DOMID_SELF = 0x7ff0;

    private final Domains domains;
    private final IntConsumer onIntroduce;
    private final IntConsumer onRelease;

    DomainRequests(Domains domains, IntConsumer onIntroduce, IntConsumer onRelease) {
        this.domains = domains;
        this.onIntroduce = onIntroduce;
        this.onRelease = onRelease;
    }

    byte[] isIntroduced(Caller caller, Message request) {
        privileged(caller);
        int domid = Requests.number(Requests.onlyString(request));
        return Message.terminated(domid == DOMID_SELF || domains.isIntroduced(domid) ? "T" : "F");
    }

    /** domid, frame number, port: the last two only have to be there, and the port be one. */
    void introduce(Caller caller, Message request) {
        privileged(caller);
        List<String> arguments = request.strings();
        if (arguments.size() < 3 || Requests.number(arguments.get(2)) == 0) {
            throw new StoreError("EINVAL");
        }
        onIntroduce.accept(Requests.number(arguments.get(0)));
    }

    void release(Caller caller, Message request) {
        onRelease.accept(introduced(caller, request));
    }

    void resume(Caller caller, Message request) {
        introduced(caller, request);
    }

    private int introduced(Caller caller, Message request) {
        privileged(caller);
        int domid = Requests.number(Requests.onlyString(request));
        if (domid == 0) {
            throw new StoreError("EINVAL");
        }
        if (!domains.isIntroduced(domid)) {
            throw new StoreError("ENOENT");
        }
        return domid;
    }

    private static void privileged(Caller caller) {
        if (caller.isUnprivileged()) {
            throw new StoreError("EACCES");
        }
    }
}
