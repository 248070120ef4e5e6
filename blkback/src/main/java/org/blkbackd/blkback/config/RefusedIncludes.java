// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import java.io.File;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;

/**
 * Stands in for HOCON's includes: opens nothing, remembers what was asked for. All four interfaces are needed; the
 * library serves the kinds an includer leaves out by itself.
 */
final class RefusedIncludes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

    private final List<String> asked = new ArrayList<>();

    /** What the includes named, in the order of the file. */
    List<String> asked() {
        return asked;
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        return refuse(what);
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        return refuse(what.getPath());
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        return refuse(what.toExternalForm());
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        return refuse(what);
    }

    private ConfigObject refuse(String what) {
        asked.add(what);
        return ConfigFactory.empty().root();
    }
}
