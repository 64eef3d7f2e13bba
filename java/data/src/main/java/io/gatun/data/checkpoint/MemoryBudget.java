// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;

/**
 * Bounds the memory of a checkpoint by its file: what is allocated may add up to {@value #MAX_GROWTH} times the size
 * of the file plus {@value #FREE_BYTES} bytes.
 */
final class MemoryBudget {
    private static final int MAX_GROWTH = 16;
    private static final int FREE_BYTES = 1 << 20;

    private final String source;
    private long left;

    MemoryBudget(String source, long fileBytes) {
        this.source = source;
        this.left = Math.addExact(Math.multiplyExact(fileBytes, MAX_GROWTH), FREE_BYTES);
    }

    /** Takes memory from the budget. */
    void charge(long bytes) {
        if (bytes > left) {
            throw new CheckpointException("Weights file " + source + " was refused: its tensors, written out, would"
                    + " need more than " + MAX_GROWTH + " times the memory that the file has bytes. Expanded tensors do"
                    + " that: call .contiguous() on them before saving.");
        }
        left -= bytes;
    }
}
