// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinuxTest {

    @ParameterizedTest
    @CsvSource({"5.19.0,true", "5.19,true", "5.18.19-200.fc36,false", "4.20.1,false", "6.1.0-13-amd64,true",
        "6.0-rc1,true", "10.2,true", "'',false", "5,false", "x5.19,false", "99999999999.1,false"})
    void comparesKernelReleases(String release, boolean expected) {
        assertEquals(expected, Linux.isAtLeast(release, 5, 19));
    }
}
