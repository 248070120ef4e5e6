// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageDecoder;
import org.blkbackd.xenstore.wire.MessageEncoder;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.Test;

/** Watches: who is told what, and when. */
interface WatchContract extends ContractRig {

    /** Registers a watch and takes its first event. */
    private static void watch(RawClient c, String path, String token) {
        assertEquals(List.of(), c.ok(MessageType.WATCH, path, token).events());
        Message first = c.next();
        assertEquals(MessageType.WATCH_EVENT, first.type());
        assertEquals(List.of(path, token), first.strings());
    }

    @Test
    default void aWatchIsAcknowledgedAndThenFiresAtOnce() {
        RawClient c = dom0();
        watch(c, base(), "t");
        watch(c, base() + "/missing", "t");
        watch(c, "/", "t");
    }

    @Test
    default void anEventComesBeforeTheReplyOfTheRequestThatCausedIt() {
        RawClient c = dom0();
        watch(c, base(), "t");
        assertEquals(List.of(base() + "/a t"), c.write(0, base() + "/a", "1").events());
        assertEquals(List.of(), c.events());
    }

    @Test
    default void aWatchIsToldOfItsNodeAndAllBelow() {
        RawClient c = dom0();
        RawClient other = dom0();
        watch(c, base(), "t");
        other.write(0, base(), "0");
        other.write(0, base() + "/a", "1");
        other.ok(MessageType.MKDIR, base() + "/b/c");
        other.ok(MessageType.MKDIR, base() + "/b/c");
        other.ok(MessageType.SET_PERMS, base() + "/b", "n0");
        other.write(0, base() + "-sibling", "1");
        assertEquals(List.of(base() + " t", base() + "/a t", base() + "/b/c t", base() + "/b t"), c.events());
    }

    @Test
    default void everyWatchFiresForItself() {
        RawClient c = dom0();
        watch(c, base(), "one");
        watch(c, base(), "two");
        watch(c, base() + "/a", "three");
        assertEquals(List.of(base() + "/a one", base() + "/a two", base() + "/a three"),
                c.write(0, base() + "/a", "1").events());
    }

    @Test
    default void removingAParentFiresTheWatchesOfItsChildren() {
        RawClient c = dom0();
        c.write(0, base() + "/a/b/c", "1");
        c.write(0, base() + "/a/d", "1");
        watch(c, base() + "/a/b/c", "c");
        watch(c, base() + "/a/b", "b");
        watch(c, base() + "/a", "a");
        watch(c, base(), "base");
        assertEquals(List.of(base() + "/a/b/c c", base() + "/a/b b", base() + "/a a", base() + "/a base"),
                c.ok(MessageType.RM, base() + "/a").events());
        assertEquals(List.of(), c.ok(MessageType.RM, base() + "/a").events());
    }

    @Test
    default void aRelativeWatchIsToldRelativePaths() {
        RawClient c = dom0();
        String home = "/local/domain/0/" + base().substring(1);
        watch(c, base().substring(1), "t");
        assertEquals(List.of(base().substring(1) + "/a t"), c.write(0, home + "/a", "1").events());
        c.ok(MessageType.RM, home);
        assertEquals(List.of(), c.events());
        int domid = newDomain();
        RawClient g = guest(domid);
        watch(g, "device", "g");
        dom0().write(0, "/local/domain/" + domid + "/device/vbd", "1");
        assertEquals(List.of("device/vbd g"), g.events());
    }

    @Test
    default void anUnwatchedPathIsSilent() {
        RawClient c = dom0();
        watch(c, base(), "t");
        assertEquals("ENOENT", c.error(MessageType.UNWATCH, base(), "other"));
        assertEquals("ENOENT", c.error(MessageType.UNWATCH, base() + "/a", "t"));
        c.ok(MessageType.UNWATCH, base(), "t");
        assertEquals(List.of(), c.write(0, base() + "/a", "1").events());
        assertEquals("ENOENT", c.error(MessageType.UNWATCH, base(), "t"));
    }

    @Test
    default void theSameWatchTwiceIsEEXIST() {
        RawClient c = dom0();
        watch(c, base(), "t");
        assertEquals("EEXIST", c.error(MessageType.WATCH, base(), "t"));
        watch(c, base(), "u");
    }

    @Test
    default void badPathsCannotBeWatched() {
        RawClient c = dom0();
        assertEquals("EINVAL", c.error(MessageType.WATCH, "/a//b", "t"));
        assertEquals("EINVAL", c.error(MessageType.WATCH, "/a/", "t"));
        assertEquals("EINVAL", c.error(MessageType.WATCH, "@" + "x".repeat(2048), "t"));
        watch(c, "@anything", "t");
    }

    @Test
    default void resetEndsWatchesAndTransactions() {
        RawClient c = dom0();
        watch(c, base(), "t");
        int tx = c.begin();
        c.ok(MessageType.RESET_WATCHES, "");
        assertEquals(List.of(), c.write(0, base() + "/a", "1").events());
        assertEquals("ENOENT", c.commit(tx));
    }

    @Test
    default void aDomainIsNotToldOfWhatItCannotRead() {
        int domid = newDomain();
        RawClient c = dom0();
        RawClient g = guest(domid);
        watch(g, base(), "t");
        c.write(0, base() + "/secret", "1");
        assertEquals(List.of(), g.events());
        c.ok(MessageType.SET_PERMS, base() + "/secret", "n0", "r" + domid);
        assertEquals(List.of(base() + "/secret t"), g.events());
        c.write(0, base() + "/secret", "2");
        assertEquals(List.of(base() + "/secret t"), g.events());
        // The last event: it may no longer read the node, and learns that.
        c.ok(MessageType.SET_PERMS, base() + "/secret", "n0");
        assertEquals(List.of(base() + "/secret t"), g.events());
        c.write(0, base() + "/secret", "3");
        assertEquals(List.of(), g.events());
    }

    @Test
    default void specialWatchesTellOfDomains() {
        RawClient c = dom0();
        watch(c, "@introduceDomain", "in");
        watch(c, "@releaseDomain", "out");
        int domid = createDomain();
        assertEquals(List.of(), c.events());
        introduce(domid);
        assertEquals(List.of("@introduceDomain in"), c.events());
        assertEquals("T", c.ok(MessageType.IS_DOMAIN_INTRODUCED, Integer.toString(domid)).text());
        destroy(domid);
        assertEquals(List.of("@releaseDomain out"), c.events());
        assertEquals("F", c.ok(MessageType.IS_DOMAIN_INTRODUCED, Integer.toString(domid)).text());
    }

    @Test
    default void specialWatchesAreForWhomTheirPermissionsSay() {
        int domid = newDomain();
        RawClient c = dom0();
        RawClient g = guest(domid);
        watch(g, "@releaseDomain", "t");
        destroy(newDomain());
        assertEquals(List.of(), g.events());
        // What a refused SET_PERMS of a special path answers is left open.
        c.ok(MessageType.SET_PERMS, "@releaseDomain", "n0", "r" + domid);
        destroy(newDomain());
        assertEquals(List.of("@releaseDomain t"), g.events());
        c.ok(MessageType.SET_PERMS, "@releaseDomain", "n0");
    }

    @Test
    default void aWatchedNodeOfADeadDomainFires() {
        int domid = newDomain();
        RawClient c = dom0();
        guest(domid).write(0, "device/x", "1");
        watch(c, "/local/domain/" + domid + "/device/x", "t");
        watch(c, "@releaseDomain", "out");
        destroy(domid);
        assertEquals(List.of("/local/domain/" + domid + "/device/x t", "@releaseDomain out"), c.events());
    }

    @Test
    default void identicalEventsThatWaitForTheClientAreNotDoubled() throws IOException {
        int writes = 12_000;
        try (SocketChannel slow = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            slow.write(ByteBuffer.wrap(MessageEncoder.bytes(Message.of(MessageType.WATCH, 1, 0, base(), "t"))));
            RawClient c = dom0();
            for (int i = 0; i < writes; i++) {
                c.write(0, base() + "/a", "1");
            }
            c.write(0, base() + "/last", "1");
            int events = 0;
            EmbeddedChannel decoder = new EmbeddedChannel(new MessageDecoder());
            String path = "";
            while (!path.equals(base() + "/last")) {
                ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
                slow.read(bytes);
                decoder.writeInbound(Unpooled.wrappedBuffer(bytes.flip()));
                for (Message m = decoder.readInbound(); m != null; m = decoder.readInbound()) {
                    path = m.text();
                    events += path.equals(base() + "/a") ? 1 : 0;
                }
            }
            assertTrue(events > 0 && events < writes, events + " events of " + writes + " writes");
        }
    }
}
