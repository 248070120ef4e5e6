// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        String version = Blkbackd.class.getPackage().getImplementationVersion();
        return new String[] {"blkbackd " + (version == null ? "(not from a jar)" : version)};
    }
}
