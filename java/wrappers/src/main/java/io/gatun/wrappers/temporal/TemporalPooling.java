// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

/** How the features of several dates become one, upstream's {@code pooling}. */
public enum TemporalPooling {
    /** None: maps [B, T, C, H, W], tokens [B, T, L, C]. Necks and decoders do not take it. */
    KEEP,
    /** Along the channels, time-major: maps [B, T C, H, W], tokens [B, L, T C]. */
    CONCAT,
    /** The mean. */
    MEAN,
    /** The largest of each element. */
    MAX,
    /** The first minus the second. */
    DIFF
}
