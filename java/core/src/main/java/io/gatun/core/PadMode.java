// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** Modes of {@code torch.nn.functional.pad}. The order is the numbering of {@code gatun_pad_mode}. */
public enum PadMode {
    /** A value. */
    CONSTANT,
    /** The image mirrored at its edge pixels, which are not repeated. */
    REFLECT,
    /** The edge pixels repeated. */
    REPLICATE,
    /** The image from its other side. */
    CIRCULAR
}
