// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** How an axis is reduced. The order is the numbering of {@code gatun_reduction}. A NaN among the numbers gives NaN. */
public enum Reduction {
    /** Their sum. */
    SUM,
    /** Their mean. */
    MEAN,
    /** The largest. */
    MAX,
    /** The smallest. */
    MIN
}
