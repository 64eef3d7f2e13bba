// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;

/**
 * Immutable extents of a tensor, outermost axis first, as {@code torch.Size}. Rank 0 is a scalar of one element.
 */
public final class Shape {
    /** Largest rank a tensor may have ({@code GATUN_MAX_RANK} in {@code gatun.h}). */
    public static final int MAX_RANK = 8;

    private final long[] extents;
    private final long numElements;

    private Shape(long[] extents) {
        if (extents.length > MAX_RANK) {
            throw new ShapeException("rank " + extents.length + " in " + Arrays.toString(extents)
                    + "; at most " + MAX_RANK + " axes are supported. Merge axes first.");
        }
        long count = 1;
        for (long extent : extents) {
            if (extent < 0) {
                throw new ShapeException("negative extent in " + Arrays.toString(extents));
            }
            try {
                count = Math.multiplyExact(count, extent);
            } catch (ArithmeticException e) {
                throw new ShapeException("shape " + Arrays.toString(extents) + " has more than 2^63 elements", e);
            }
        }
        this.extents = extents;
        this.numElements = count;
    }

    /**
     * A shape of the given extents.
     *
     * @param extents outermost first, each at least 0
     * @return the shape
     * @throws ShapeException if an extent is negative, the rank exceeds {@link #MAX_RANK} or the count overflows
     */
    public static Shape of(long... extents) {
        return new Shape(extents.clone());
    }

    /**
     * Number of axes.
     *
     * @return 0 to {@link #MAX_RANK}
     */
    public int rank() {
        return extents.length;
    }

    /**
     * Extent of one axis; negative axes count from the end, as in PyTorch.
     *
     * @param axis {@code -rank} to {@code rank - 1}
     * @return the extent
     * @throws ShapeException if there is no such axis
     */
    public long dim(int axis) {
        int index = axis < 0 ? axis + extents.length : axis;
        if (index < 0 || index >= extents.length) {
            throw new ShapeException("axis " + axis + " of shape " + this + ": there are " + extents.length + " axes");
        }
        return extents[index];
    }

    /**
     * Product of the extents.
     *
     * @return 1 for a scalar
     */
    public long numElements() {
        return numElements;
    }

    /**
     * The extents.
     *
     * @return a fresh array
     */
    public long[] toArray() {
        return extents.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /** The form PyTorch prints: {@code [2, 3]}. */
    @Override
    public String toString() {
        return Arrays.toString(extents);
    }
}
