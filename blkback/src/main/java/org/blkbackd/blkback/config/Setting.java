// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import java.util.Arrays;
import java.util.List;

/** The keys of the configuration file, each with the component of {@link BlkbackConfig} it fills. */
enum Setting {
    KINDS("kinds", "kinds", BlkbackConfig.KINDS_ALLOWED),
    DEFAULT_ENGINE("default-engine", "defaultEngine", BlkbackConfig.ENGINE_ALLOWED),
    WORKERS("workers", "workers", BlkbackConfig.WORKERS_ALLOWED),
    IO_THREADS("io-threads", "ioThreads", BlkbackConfig.IO_THREADS_ALLOWED),
    IO_URING("io-uring", "ioUring", BlkbackConfig.AUTO_ALLOWED),
    POLLING("polling", "polling", BlkbackConfig.AUTO_ALLOWED),
    ON_ERROR("on-error", "onError", BlkbackConfig.ON_ERROR_ALLOWED),
    WHILE_HELD("while-held", "whileHeld", BlkbackConfig.WHILE_HELD_ALLOWED),
    LIMITS("limits", "limits", BlkbackConfig.LIMITS_ALLOWED),
    LOG_LEVEL("log-level", "logLevel", BlkbackConfig.LOG_LEVEL_ALLOWED),
    CONTROL_SOCKET("control-socket", "controlSocket", BlkbackConfig.SOCKET_ALLOWED),
    METRICS_SOCKET("metrics-socket", "metricsSocket", BlkbackConfig.SOCKET_ALLOWED),
    METRICS_PORT("metrics-port", "metricsPort", BlkbackConfig.PORT_ALLOWED),
    MIGRATION("migration", "migration", MigrationBinding.ALLOWED);

    private final String key;
    private final String component;
    private final String allowed;

    Setting(String key, String component, String allowed) {
        this.key = key;
        this.component = component;
        this.allowed = allowed;
    }

    /** As written in the file. */
    String key() {
        return key;
    }

    /** What a value may be, after "must be". */
    String allowed() {
        return allowed;
    }

    /** Null when there is no such key. */
    static Setting ofKey(String key) {
        return Arrays.stream(values()).filter(s -> s.key.equals(key)).findFirst().orElse(null);
    }

    static Setting ofComponent(String component) {
        return Arrays.stream(values()).filter(s -> s.component.equals(component)).findFirst().orElseThrow();
    }

    static List<String> keys() {
        return Arrays.stream(values()).map(Setting::key).toList();
    }
}
