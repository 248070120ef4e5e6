// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.sim.ToolstackJob;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Xenstore;

/**
 * A guest that keeps the rules, with a few disks. Being destroyed, rebooted, or saved and restored is all the same to
 * the service: the domain is gone, and another one comes with the same disks.
 */
final class LegalGuest implements Actor {

    private static final long PATIENCE_MS = 10_000;
    private static final int SECTORS = 512;

    private final ModelHost host;
    private final List<LegalDisk> disks = new ArrayList<>();
    private List<ToolstackJob> dying;
    private int domid;
    private Xenstore guest;
    private SimDomain domain;

    LegalGuest(ModelHost host, Path images, String name, int diskCount) {
        this.host = host;
        for (int i = 0; i < diskCount; i++) {
            String vdev = "xvd" + (char) ('a' + i);
            Path image = images.resolve(name + "-" + vdev);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength((long) SECTORS * DiskContent.SECTOR);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            disks.add(new LegalDisk(host, vdev, image, SECTORS));
        }
        boot();
    }

    private void boot() {
        domid = host.newDomid();
        host.xenstored.introduce(domid);
        host.toolstack.createDomain(domid);
        guest = host.connect(domid);
        domain = host.hypervisor.domain(domid);
        disks.forEach(disk -> disk.boot(guest, domain));
    }

    @Override
    public List<String> choices() {
        if (dying != null) {
            return List.of("bury");
        }
        List<String> choices = new ArrayList<>();
        for (int copies = 0; copies < 10; copies++) {
            for (int i = 0; i < disks.size(); i++) {
                for (String choice : disks.get(i).choices()) {
                    choices.add(i + ":" + choice);
                }
            }
        }
        choices.add("destroy");
        return choices;
    }

    @Override
    public void act(String choice, long dice) {
        int colon = choice.indexOf(':');
        if (colon > 0) {
            disks.get(Integer.parseInt(choice.substring(0, colon))).act(choice.substring(colon + 1), new Random(dice));
        } else if (choice.equals("destroy")) {
            destroy();
        } else {
            bury();
        }
    }

    private void destroy() {
        disks.forEach(LegalDisk::pulled);
        dying = new ArrayList<>(host.toolstack.beginDestroy(domid));
    }

    private void bury() {
        dying.removeIf(ToolstackJob::poll);
        if (dying.isEmpty()) {
            dying = null;
            leave();
            boot();
        }
    }

    private void leave() {
        host.toolstack.forgetDomain(domid);
        Patience patience = new Patience(PATIENCE_MS);
        while (domain.mappedGrants() > 0 || isOpen()) {
            patience.pause(() -> "domain " + domid + " is gone, " + domain.mappedGrants() + " of its grants are mapped,"
                + " its images are " + (isOpen() ? "open" : "closed"));
        }
        guest.close();
        host.xenstored.release(domid);
        domain.destroy();
    }

    private boolean isOpen() {
        return disks.stream().anyMatch(disk -> ModelHost.descriptors(disk.image()) > 0);
    }

    @Override
    public void settle() {
        if (dying != null) {
            dying.forEach(ToolstackJob::await);
            bury();
        }
        disks.forEach(LegalDisk::settle);
    }

    @Override
    public void close() {
        if (dying == null) {
            destroy();
        }
        dying.forEach(ToolstackJob::await);
        leave();
    }
}
