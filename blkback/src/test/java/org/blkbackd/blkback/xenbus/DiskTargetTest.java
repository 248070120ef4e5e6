// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.ErrorPolicy.OnError;
import org.blkbackd.blkback.blkif.RateLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskTargetTest {

    private static final ErrorPolicy SETTINGS = new ErrorPolicy(OnError.HOLD, true);

    @ParameterizedTest
    @ValueSource(strings = {"/srv/a.img", "/srv/a,on-error=hold:b.img", "direct:/srv/a,exclusive=none:b.img"})
    void withoutOptionsTheSettingsCountAndTheImageIsLocked(String text) {
        DiskTarget target = parse(text);
        assertEquals(text, target.disk());
        assertEquals(512, target.sectorSize());
        assertEquals(SETTINGS, target.policy(SETTINGS));
        assertEquals(ErrorPolicy.DEFAULT, target.policy(ErrorPolicy.DEFAULT));
        assertTrue(target.exclusive());
        assertNull(target.name());
    }

    @Test
    void anImageMayHaveANameThatEveryHostKnows() {
        DiskTarget target = parse("direct,name=web-1.root_a,exclusive=none,sector-size=4096:/dev/vg/a");
        assertEquals("web-1.root_a", target.name());
        assertEquals("direct:/dev/vg/a", target.disk());
        assertEquals(4096, target.sectorSize());
    }

    @ParameterizedTest
    @CsvSource({"report, REPORT", "hold, HOLD", "enospc, ENOSPC"})
    void saysWhatBecomesOfFailedRequests(String word, OnError onError) {
        assertEquals(new ErrorPolicy(onError, true), parse("direct,on-error=" + word + ":/a").policy(SETTINGS));
    }

    @Test
    void saysWhetherAHeldRequestStopsTheRing() {
        assertEquals(new ErrorPolicy(OnError.HOLD, false), parse("direct,while-held=serve:/a").policy(SETTINGS));
        assertEquals(new ErrorPolicy(OnError.ENOSPC, true),
            parse("direct,while-held=stop:/a").policy(ErrorPolicy.DEFAULT));
    }

    @Test
    void takesAllOptionsAtOnceAndTheLastOfAKind() {
        DiskTarget target = parse("buffered,on-error=hold,exclusive=none,sector-size=4096,while-held=stop,"
            + "on-error=report:/srv/a:b,c.img");
        assertEquals("buffered:/srv/a:b,c.img", target.disk());
        assertEquals(4096, target.sectorSize());
        assertFalse(target.exclusive());
        assertEquals(new ErrorPolicy(OnError.REPORT, true), target.policy(ErrorPolicy.DEFAULT));
    }

    @Test
    void saysHowMuchMayBeAskedOfIt() {
        assertEquals(new RateLimits(200, 400, 10 << 20, 0),
            parse("direct,iops=200,bandwidth=10M,iops-burst=400:/a").rateLimits(RateLimits.NONE));
        assertEquals(new RateLimits(7, 0, 0, 0), parse("direct:/a").rateLimits(new RateLimits(7, 0, 0, 0)));
        XenbusFault fault = assertThrows(XenbusFault.class, () -> parse("direct,iops-burst=5:/a"));
        assertEquals("NODE: the limits need a limit beside each burst", fault.getMessage());
        fault = assertThrows(XenbusFault.class, () -> parse("direct,iops=0:/a"));
        assertEquals("NODE: the limits must be " + RateLimits.ALLOWED, fault.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"on-error=", "iops=", "iops=-1", "iops=1.5", "bandwidth=10MB", "on-error=HOLD",
        "on-error=retry", "while-held", "while-held=no",
        "exclusive=all", "exclusive=", "name=", "name=a b", "name=a/b",
        "sector-size=1024", "", " on-error=hold", "on-error=hold "})
    void refusesWhatIsNoOption(String option) {
        XenbusFault fault = assertThrows(XenbusFault.class, () -> parse("direct," + option + ":/a"));
        assertEquals("NODE has the option \"" + option + "\", must be sector-size=512 or 4096, on-error=report, hold or"
            + " enospc, while-held=serve or stop, iops=, iops-burst=, bandwidth=, bandwidth-burst=, exclusive=none,"
            + " or name=", fault.getMessage());
    }

    private static DiskTarget parse(String text) {
        return DiskTarget.parse("NODE", text);
    }
}
