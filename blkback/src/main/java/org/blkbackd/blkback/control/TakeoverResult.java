// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;

/**
 * What became of a hand-over, or of looking at one.
 *
 * @param handedOver the successor serves everything
 * @param pid        of the successor
 * @param reasons    why it was not handed over, a line each; empty when only looked at and nothing is in the way
 */
public record TakeoverResult(boolean handedOver, long pid, List<String> reasons) {
}
