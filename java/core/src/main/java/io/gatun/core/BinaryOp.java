// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Locale;

/** Operations of two elements. The order is the numbering of {@code gatun_binary_op}. */
public enum BinaryOp {
    /** {@code a + b}. */
    ADD,
    /** {@code a - b}. */
    SUBTRACT,
    /** {@code a * b}. */
    MULTIPLY,
    /** {@code a / b}. */
    DIVIDE,
    /** The larger, NaN if either is, as {@code torch.maximum}. */
    MAXIMUM,
    /** The smaller, NaN if either is, as {@code torch.minimum}. */
    MINIMUM;

    String lowerCase() {
        return name().toLowerCase(Locale.ROOT);
    }
}
