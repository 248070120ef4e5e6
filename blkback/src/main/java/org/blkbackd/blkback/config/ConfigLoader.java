// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads the settings from a file and the command line, and says everything that is wrong with them at once. */
public final class ConfigLoader {

    /** Read when no file is named; may be missing. */
    public static final Path DEFAULT_FILE = Path.of("/etc/blkbackd/blkbackd.conf");

    private ConfigLoader() {
    }

    /**
     * The settings of a file, with those of the command line in place of the file's.
     *
     * @param fileOrNull must exist; null is {@link #DEFAULT_FILE}, which need not
     * @param overrides key of the file to value as on the command line; a list is separated by commas
     * @throws ConfigException with every problem of the file and of the overrides. A value of the file that an
     *     override replaces is not looked at
     */
    public static BlkbackConfig load(Path fileOrNull, Map<String, String> overrides) throws ConfigException {
        return load(fileOrNull, DEFAULT_FILE, overrides);
    }

    static BlkbackConfig load(Path fileOrNull, Path defaultFile, Map<String, String> overrides)
        throws ConfigException {
        Path file = fileOrNull == null ? defaultFile : fileOrNull;
        Problems problems = new Problems(file.toString());
        boolean read = fileOrNull != null || !Files.notExists(file);
        String text = read ? ConfigText.read(file, problems) : null;
        try {
            return check(settings(text == null ? "" : text, overrides, problems), problems);
        } catch (StackOverflowError e) {
            // The library recurses for each bracket and each dot, and a file may hold any number of them.
            problems.add("brackets or dots in keys are nested too deeply");
            problems.throwIfAny();
            throw e;
        }
    }

    private static ConfigObject settings(String text, Map<String, String> overrides, Problems problems) {
        ConfigObject settings = Hocon.parse(text, problems);
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            settings = settings.withValue(override.getKey(), value(override.getKey(), override.getValue()));
        }
        return settings;
    }

    private static BlkbackConfig check(ConfigObject settings, Problems problems) throws ConfigException {
        Binding binding = new Binding(settings, problems);
        binding.refuseUnknownKeys();
        BlkbackConfig config = binding.bind();
        Constraints.check(config, settings, problems);
        problems.throwIfAny();
        return config;
    }

    /** A command line knows text alone: the key says what it stands for. */
    private static ConfigValue value(String key, String text) {
        String origin = "--" + key;
        if (Setting.ofKey(key) == Setting.KINDS) {
            return ConfigValueFactory.fromIterable(List.of(text.split(",", -1)), origin);
        }
        if (Setting.ofKey(key) == Setting.WORKERS || Setting.ofKey(key) == Setting.IO_THREADS) {
            return ConfigValueFactory.fromAnyRef(numberOrText(text), origin);
        }
        return ConfigValueFactory.fromAnyRef(text, origin);
    }

    private static Object numberOrText(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return text;
        }
    }
}
