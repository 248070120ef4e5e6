// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * Plays a recorded sequence of what a toolstack does to xenstore, and checks what the other side does in between. One
 * step a line; {@code vbd3-attach.txt} says what the steps mean.
 */
final class XenstoreReplay {

    private final Xenstore dom0;
    private final Map<String, String> variables;
    private final Map<String, Runnable> guest = new HashMap<>();
    /** What each node must hold: as it was written last, or awaited. */
    private final Map<String, String> expected = new TreeMap<>();
    private List<String> transaction;

    /** @param variables values of {@code $NAME} */
    XenstoreReplay(Xenstore dom0, Map<String, String> variables) {
        this.dom0 = dom0;
        this.variables = variables;
    }

    /** What {@code guest VERB} does. */
    XenstoreReplay on(String verb, Runnable reaction) {
        guest.put(verb, reaction);
        return this;
    }

    void play(String resource) {
        int number = 0;
        for (String line : lines(resource)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            try {
                step(substituted(line));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(resource + ":" + number + ": " + line + ": " + e.getMessage(), e);
            }
        }
    }

    private static List<String> lines(String resource) {
        try (InputStream in = XenstoreReplay.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String substituted(String line) {
        String result = line;
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            result = result.replace("$" + variable.getKey(), variable.getValue());
        }
        return result;
    }

    private void step(String line) {
        String[] words = line.split(" ", 3);
        String value = words.length > 2 ? words[2] : null;
        switch (words[0]) {
            case "libxl" -> bracket(words[1]);
            case "rm", "clean", "mkdir", "perms", "write" -> change(line);
            case "await" -> {
                await(line).until(() -> value.equals(dom0.readOrNull(words[1])));
                expected.put(words[1], value);
            }
            case "has" -> assertEquals(value, dom0.readOrNull(words[1]), words[1]);
            case "hasnot" -> assertEquals(null, dom0.readOrNull(words[1]), words[1]);
            case "mentions" -> assertTrue(dom0.read(words[1]).contains(value), line);
            case "gone" -> await(line).until(() -> dom0.readOrNull(words[1]) == null);
            case "keep" -> expected.forEach((path, held) -> {
                // A frontend writes its own directory.
                if (!path.contains("/device/vbd/") || path.startsWith("/libxl/")) {
                    assertEquals(held, dom0.readOrNull(path), path);
                }
            });
            case "play" -> play(words[1]);
            case "guest" -> guest.get(words[1]).run();
            default -> throw new IllegalArgumentException("no such step");
        }
    }

    private void bracket(String what) {
        if (what.equals("begin")) {
            transaction = new ArrayList<>();
            return;
        }
        List<String> steps = transaction;
        transaction = null;
        dom0.transact(store -> {
            steps.forEach(step -> apply(store, step));
            return null;
        });
    }

    private void change(String line) {
        if (transaction != null) {
            transaction.add(line);
        } else {
            apply(dom0, line);
        }
    }

    private void apply(XenstoreOps store, String line) {
        String[] words = line.split(" ", 3);
        String path = words[1];
        switch (words[0]) {
            case "rm" -> store.remove(path);
            case "mkdir" -> store.mkdir(path);
            case "perms" -> store.setPermissions(path, Arrays.stream(words[2].split(" ")).map(Permission::parse)
                .toList());
            case "write" -> {
                store.write(path, words[2]);
                expected.put(path, words[2]);
            }
            default -> {
                clean(store, path);
                expected.keySet().removeIf(node -> node.startsWith(path + "/"));
            }
        }
    }

    private static void clean(XenstoreOps store, String path) {
        store.remove(path);
        for (String up = parent(path); !up.isEmpty(); up = parent(up)) {
            String value = store.readOrNull(up);
            if (value == null || !value.isEmpty() || !store.directory(up).isEmpty()) {
                return;
            }
            store.remove(up);
        }
    }

    private static String parent(String path) {
        return path.substring(0, path.lastIndexOf('/'));
    }
}
