// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;

/**
 * Where the elements of a view lie in its buffer: the arithmetic of views, without any memory.
 *
 * @param shape extents
 * @param strides elements from one index to the next, per axis
 * @param offset elements before the first
 */
record Strided(Shape shape, long[] strides, long offset) {
    static Strided dense(Shape shape) {
        return new Strided(shape, denseStrides(shape), 0);
    }

    private static long[] denseStrides(Shape shape) {
        long[] strides = new long[shape.rank()];
        long step = 1;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            strides[axis] = step;
            step *= Math.max(1, shape.dim(axis));
        }
        return strides;
    }

    boolean isDense() {
        if (shape.numElements() == 0) {
            return true;
        }
        long step = 1;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            if (shape.dim(axis) != 1 && strides[axis] != step) {
                return false;
            }
            step *= shape.dim(axis);
        }
        return true;
    }

    /** One extent may be -1: what is left over. */
    Strided reshape(long... wanted) {
        long[] extents = wanted.clone();
        int open = -1;
        long known = 1;
        for (int axis = 0; axis < extents.length; axis++) {
            if (extents[axis] == -1 && open < 0) {
                open = axis;
            } else {
                known *= extents[axis];
            }
        }
        if (open >= 0 && known > 0 && shape.numElements() % known == 0) {
            extents[open] = shape.numElements() / known;
        }
        boolean valid = Arrays.stream(extents).allMatch(extent -> extent >= 0);
        if (!valid || Shape.of(extents).numElements() != shape.numElements()) {
            throw new ShapeException("cannot reshape " + shape + " (" + shape.numElements() + " elements) to "
                    + Arrays.toString(wanted) + "; the numbers of elements must be equal");
        }
        if (!isDense()) {
            throw new ShapeException("cannot reshape a view of shape " + shape + " with strides "
                    + Arrays.toString(strides) + ": it is not dense. Copy it first: Kernels.copy(scope, tensor).");
        }
        Shape result = Shape.of(extents);
        return new Strided(result, denseStrides(result), offset);
    }

    Strided permute(int... axes) {
        boolean[] seen = new boolean[shape.rank()];
        long[] extents = new long[shape.rank()];
        long[] steps = new long[shape.rank()];
        boolean valid = axes.length == shape.rank();
        for (int to = 0; valid && to < axes.length; to++) {
            int from = axes[to] < 0 ? axes[to] + shape.rank() : axes[to];
            valid = from >= 0 && from < shape.rank() && !seen[from];
            if (valid) {
                seen[from] = true;
                extents[to] = shape.dim(from);
                steps[to] = strides[from];
            }
        }
        if (!valid) {
            throw new ShapeException("cannot permute " + shape + " by axes " + Arrays.toString(axes)
                    + "; each of its " + shape.rank() + " axes must be named once");
        }
        return new Strided(Shape.of(extents), steps, offset);
    }

    Strided slice(int axis, long from, long to) {
        int index = axisIndex(axis, shape.rank());
        long extent = shape.dim(index);
        if (from < 0 || to < from || to > extent) {
            throw new ShapeException("cannot take [" + from + ", " + to + ") of axis " + axis + " of " + shape
                    + "; its indices are 0 to " + extent);
        }
        long[] extents = shape.toArray();
        extents[index] = to - from;
        return new Strided(Shape.of(extents), strides, offset + from * strides[index]);
    }

    Strided unsqueeze(int axis) {
        int index = axisIndex(axis, shape.rank() + 1);
        long[] extents = new long[shape.rank() + 1];
        long[] steps = new long[shape.rank() + 1];
        for (int to = 0; to < extents.length; to++) {
            int from = to < index ? to : to - 1;
            extents[to] = to == index ? 1 : shape.dim(from);
            steps[to] = to == index ? 1 : strides[from];
        }
        return new Strided(Shape.of(extents), steps, offset);
    }

    /** Axes are aligned at the end, as in PyTorch; -1 keeps an extent. */
    Strided expand(long... wanted) {
        int added = wanted.length - shape.rank();
        long[] extents = wanted.clone();
        long[] steps = new long[wanted.length];
        boolean valid = added >= 0;
        for (int axis = Math.max(0, added); valid && axis < wanted.length; axis++) {
            long extent = shape.dim(axis - added);
            extents[axis] = wanted[axis] == -1 ? extent : wanted[axis];
            valid = extent == 1 || extents[axis] == extent;
            steps[axis] = extent == extents[axis] ? strides[axis - added] : 0;
        }
        if (!valid || Arrays.stream(extents).anyMatch(extent -> extent < 0)) {
            throw new ShapeException("cannot expand " + shape + " to " + Arrays.toString(wanted)
                    + "; axes are aligned at the end, and only an extent of 1 can grow");
        }
        return new Strided(Shape.of(extents), steps, offset);
    }

    private int axisIndex(int axis, int rank) {
        int index = axis < 0 ? axis + rank : axis;
        if (index < 0 || index >= rank) {
            throw new ShapeException("axis " + axis + " of " + shape + ": expected " + -rank + " to " + (rank - 1));
        }
        return index;
    }
}
