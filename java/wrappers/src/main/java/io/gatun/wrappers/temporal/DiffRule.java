// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

/** What {@link TemporalPooling#DIFF} does with more than two dates. */
public enum DiffRule {
    /** The first two count, as TerraTorch's documentation says; there must be two. */
    FIRST_TWO,
    /** There must be two, of dates or of subsets, as TerraTorch's code says since version 1.1. */
    EXACTLY_TWO
}
