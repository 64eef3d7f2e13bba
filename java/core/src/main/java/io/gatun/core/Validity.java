// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Where masked-patch embedding takes its validity channels from. The order is the numbering of
 * {@code gatun_validity}.
 */
public enum Validity {
    /** There are none: the weight has one input a pixel and channel. */
    NONE,
    /** A mask tensor, true = missing. */
    MASK,
    /** A NaN is missing; not for int16 pixels, which have none. */
    NAN,
    /** A stored number equal to the fill value is missing. */
    FILL
}
