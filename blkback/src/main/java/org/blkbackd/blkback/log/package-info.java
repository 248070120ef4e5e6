// SPDX-License-Identifier: Apache-2.0

/** Log lines: one per event, fit for the journal, and no control character of a guest's in any of them. */
package org.blkbackd.blkback.log;
