// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.Poll;

/** What the other process does until it is killed: {@code ROLE FOLDER SEED argument...}. Says "ready" first. */
final class SimChild {

    private static final int GUEST = 5;

    private final SimHypervisor hypervisor;
    private final Random random;

    private SimChild(Path folder, int seed) {
        random = new Random(seed);
        hypervisor = SimHypervisor.open(folder);
    }

    public static void main(String[] args) {
        int[] numbers = new int[args.length - 2];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Integer.parseInt(args[i + 2]);
        }
        SimChild child = new SimChild(Path.of(args[1]), numbers[0]);
        switch (args[0]) {
            case "echo" -> child.echo(numbers[1], numbers[2]);
            case "backend" -> child.restlessBackend(Arrays.copyOfRange(numbers, 1, numbers.length));
            case "guest" -> child.restlessGuest(numbers[1]);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** Maps a page, binds a port, and for each event adds one to the page's first word and notifies. */
    private void echo(int grantRef, int theirs) {
        GrantMapping page = hypervisor.grantTable(0).map(GUEST, new int[] {grantRef});
        EventChannels channels = hypervisor.eventChannels(0);
        int port = channels.bindInterdomain(GUEST, theirs);
        channels.pending();
        channels.unmask(port);
        System.out.println("ready");
        while (true) {
            while (channels.pending() == EventChannels.NONE) {
                Poll.readable(channels.fd(), -1);
            }
            channels.unmask(port);
            page.buffer().putInt(0, page.buffer().getInt(0) + 1);
            channels.notify(port);
        }
    }

    /** Every operation of a backend in random order; argument: refs, then as many ports. */
    private void restlessBackend(int[] refsAndPorts) {
        int count = refsAndPorts.length / 2;
        GrantTable table = hypervisor.grantTable(0);
        EventChannels channels = hypervisor.eventChannels(0);
        GrantCopy copy = table.newCopy(GrantCopy.Direction.TO_GUEST, 1);
        GuestPage scratch = hypervisor.domain(0).allocatePage();
        List<GrantMapping> mappings = new ArrayList<>();
        List<Integer> bound = new ArrayList<>();
        System.out.println("ready");
        while (true) {
            int which = random.nextInt(count);
            switch (random.nextInt(5)) {
                case 0 -> mappings.add(table.map(GUEST, new int[] {refsAndPorts[which]}));
                case 1 -> dropOne(mappings);
                case 2 -> bindOrUnbind(channels, refsAndPorts[count + which], bound);
                case 3 -> bound.forEach(channels::notify);
                default -> {
                    copy.clear();
                    copy.add(GUEST, refsAndPorts[which], 0, scratch.address(), 4096);
                    copy.execute();
                }
            }
            int port = channels.pending();
            channels.unmask(port);
        }
    }

    private void dropOne(List<GrantMapping> mappings) {
        if (!mappings.isEmpty()) {
            mappings.remove(random.nextInt(mappings.size())).close();
        }
    }

    private void bindOrUnbind(EventChannels channels, int theirs, List<Integer> bound) {
        try {
            bound.add(channels.bindInterdomain(GUEST, theirs));
        } catch (GrantException alreadyBound) {
            channels.unbind(bound.remove(random.nextInt(bound.size())));
        }
    }

    /** Every operation of a guest in random order. */
    private void restlessGuest(int domid) {
        SimDomain guest = hypervisor.domain(domid);
        List<GuestPage> pages = new ArrayList<>();
        List<Integer> refs = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        System.out.println("ready");
        while (true) {
            if (refs.size() < 20 && random.nextBoolean()) {
                pages.add(guest.allocatePage());
                refs.add(guest.grant(0, pages.get(pages.size() - 1), false));
                ports.add(guest.allocUnbound(0));
            } else if (!refs.isEmpty()) {
                int which = random.nextInt(refs.size());
                guest.eventChannels().notify(ports.get(which));
                if (endOne(guest, refs.get(which))) {
                    refs.remove(which);
                    pages.remove(which).close();
                    guest.closePort(ports.remove(which));
                }
            }
            guest.eventChannels().pending();
        }
    }

    private static boolean endOne(SimDomain guest, int grantRef) {
        try {
            guest.endAccess(grantRef);
            return true;
        } catch (IllegalStateException stillMapped) {
            return false;
        }
    }
}
