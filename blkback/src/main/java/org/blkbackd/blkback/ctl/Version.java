// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest. */
final class Version implements IVersionProvider {

    static String own() {
        String version = Blkbackctl.class.getPackage().getImplementationVersion();
        return version == null ? "(not from a jar)" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {"blkbackctl " + own()};
    }
}
