// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.Test;

/** Nodes: values, children, names, errors. */
interface NodeContract extends ContractRig {

    @Test
    default void readsWhatWasWrittenWithNoNul() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "value");
        assertArrayEquals("value".getBytes(), c.ok(MessageType.READ, base() + "/a").message().payload());
        c.write(0, base() + "/a", "");
        assertEquals(0, c.ok(MessageType.READ, base() + "/a").message().payload().length);
        c.write(0, base() + "/a", "x\0y\0");
        assertArrayEquals("x\0y\0".getBytes(), c.ok(MessageType.READ, base() + "/a").message().payload());
    }

    @Test
    default void writingMakesTheParents() {
        RawClient c = dom0();
        c.write(0, base() + "/p/q/r", "1");
        assertEquals(List.of("q"), c.ok(MessageType.DIRECTORY, base() + "/p").strings());
        assertEquals(0, c.ok(MessageType.READ, base() + "/p/q").message().payload().length);
    }

    @Test
    default void mkdirLeavesAnExistingNodeAlone() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        c.ok(MessageType.MKDIR, base() + "/a");
        assertEquals("1", c.ok(MessageType.READ, base() + "/a").text());
        c.ok(MessageType.MKDIR, base() + "/b");
        assertEquals("", c.ok(MessageType.READ, base() + "/b").text());
    }

    @Test
    default void listsChildrenInTheOrderTheyWereMade() {
        RawClient c = dom0();
        for (String name : List.of("z", "a", "m")) {
            c.write(0, base() + "/" + name, "");
        }
        assertEquals(List.of("z", "a", "m"), c.ok(MessageType.DIRECTORY, base()).strings());
        c.ok(MessageType.RM, base() + "/a");
        assertEquals(List.of("z", "m"), c.ok(MessageType.DIRECTORY, base()).strings());
        c.ok(MessageType.RM, base() + "/z");
        c.ok(MessageType.RM, base() + "/m");
        assertEquals(0, c.ok(MessageType.DIRECTORY, base()).message().payload().length);
    }

    @Test
    default void removesANodeWithAllBelowIt() {
        RawClient c = dom0();
        c.write(0, base() + "/a/b/c", "1");
        c.ok(MessageType.RM, base() + "/a");
        for (String path : List.of("/a", "/a/b", "/a/b/c")) {
            assertEquals("ENOENT", c.error(MessageType.READ, base() + path));
        }
    }

    @Test
    default void removingAMissingNodeIsAnErrorOnlyWithoutItsParent() {
        RawClient c = dom0();
        assertEquals("OK", c.error(MessageType.RM, base() + "/none"));
        assertEquals("ENOENT", c.error(MessageType.RM, base() + "/none/none"));
        assertEquals("EINVAL", c.error(MessageType.RM, "/"));
    }

    @Test
    default void missingNodesAreENOENT() {
        RawClient c = dom0();
        String none = base() + "/none";
        assertEquals("ENOENT", c.error(MessageType.READ, none));
        assertEquals("ENOENT", c.error(MessageType.DIRECTORY, none));
        assertEquals("ENOENT", c.error(MessageType.GET_PERMS, none));
        assertEquals("ENOENT", c.error(MessageType.SET_PERMS, none, "n0"));
        assertEquals("ENOENT", c.error(MessageType.DIRECTORY_PART, none, "0"));
    }

    @Test
    default void refusesBadNames() {
        RawClient c = dom0();
        for (String bad : List.of("/a//b", "/a/", "//", "/a b", "/a.b", "/a:b", "/ä", "/a/\n", "@a", "")) {
            assertEquals("EINVAL", c.error(MessageType.READ, bad), bad);
            assertEquals("EINVAL", c.writeError(0, bad, "1"), bad);
            assertEquals("EINVAL", c.error(MessageType.MKDIR, bad), bad);
        }
        for (String good : List.of("a", "A", "0", "-", "_", "@", "a@b")) {
            c.write(0, base() + "/" + good, "1");
        }
    }

    @Test
    default void limitsTheLengthOfNames() {
        RawClient c = dom0();
        String longest = base() + "/" + "x".repeat(2048 - base().length() - 1);
        c.write(0, longest, "1");
        assertEquals("1", c.ok(MessageType.READ, longest).text());
        assertEquals("EINVAL", c.writeError(0, longest + "x", "1"));
        String home = "/local/domain/0/" + base().substring(1);
        String longestAtHome = home + "/" + "x".repeat(2048 + "/local/domain/0/".length() - home.length() - 1);
        c.write(0, longestAtHome, "1");
        assertEquals("EINVAL", c.writeError(0, longestAtHome + "x", "1"));
        c.ok(MessageType.RM, home);
    }

    @Test
    default void relativePathsBeginAtTheOwnHome() {
        RawClient c = dom0();
        String relative = base().substring(1) + "/rel";
        c.write(0, relative, "1");
        assertEquals("1", c.ok(MessageType.READ, "/local/domain/0/" + relative).text());
        c.ok(MessageType.RM, relative);
        assertEquals("ENOENT", c.error(MessageType.READ, "/local/domain/0/" + relative));
        int domid = newDomain();
        RawClient g = guest(domid);
        g.write(0, "device/x", "2");
        assertEquals("2", c.ok(MessageType.READ, "/local/domain/" + domid + "/device/x").text());
    }

    @Test
    default void takesValuesAsLongAsAMessage() {
        RawClient c = dom0();
        String path = base() + "/big";
        String biggest = "v".repeat(Message.PAYLOAD_MAX - path.length() - 1);
        c.write(0, path, biggest);
        assertEquals(biggest, c.ok(MessageType.READ, path).text());
    }

    @Test
    default void listsMoreChildrenThanOneMessageHolds() {
        RawClient c = dom0();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            names.add("child-with-a-rather-long-name-" + i);
            c.write(0, base() + "/" + names.get(i), "");
        }
        assertEquals("E2BIG", c.error(MessageType.DIRECTORY, base()));
        List<String> part = c.ok(MessageType.DIRECTORY_PART, base(), "0").strings();
        assertEquals(names.get(0), part.get(1));
        assertEquals(names, client().directory(base()));
        assertEquals(names, client().transact(ops -> ops.directory(base())));
    }

    @Test
    default void partsOfAListFillTheMessageToTheSameByte() {
        RawClient c = dom0();
        // Names of 15 and NUL: 16 bytes each, so that the end of a part falls on exact multiples.
        for (int i = 0; i < 260; i++) {
            c.write(0, base() + "/" + String.format("%015d", i), "");
        }
        byte[] first = c.ok(MessageType.DIRECTORY_PART, base(), "0").message().payload();
        int generation = Message.terminated(c.ok(MessageType.DIRECTORY_PART, base(), "0").text()).length;
        assertEquals((Message.PAYLOAD_MAX - generation - 1) / 16 * 16, first.length - generation);
        byte[] last = c.ok(MessageType.DIRECTORY_PART, base(), Integer.toString(259 * 16)).message().payload();
        assertEquals(generation + 16 + 1, last.length);
        byte[] beyond = c.ok(MessageType.DIRECTORY_PART, base(), Integer.toString(260 * 16)).message().payload();
        assertEquals(generation + 1, beyond.length);
        assertEquals("EINVAL", c.error(MessageType.DIRECTORY_PART, base()));
    }

    @Test
    default void refusesUnknownRequests() {
        RawClient c = dom0();
        assertEquals("ENOSYS", c.error(MessageType.INVALID, "/"));
        assertEquals("ENOSYS", c.error(MessageType.WATCH_EVENT, "/", "t"));
        assertEquals("ENOSYS", c.error(MessageType.ERROR, "EINVAL"));
    }

    @Test
    default void refusesRequestsWithTooFewStrings() {
        RawClient c = dom0();
        assertEquals("EINVAL", c.error(MessageType.WRITE));
        assertEquals("EINVAL", c.error(MessageType.WATCH, base()));
        assertEquals("EINVAL", c.error(MessageType.UNWATCH, base()));
        assertEquals("EINVAL", c.error(MessageType.SET_PERMS, base()));
        assertEquals("EINVAL", c.error(MessageType.TRANSACTION_END));
    }

    @Test
    default void tellsDomainPaths() {
        assertEquals("/local/domain/7", dom0().ok(MessageType.GET_DOMAIN_PATH, "7").text());
    }
}
