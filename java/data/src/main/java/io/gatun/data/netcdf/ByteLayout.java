// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.util.Arrays;

/**
 * Where the elements of a row-major array lie: its first byte, and the bytes from one index to the next on each axis.
 * Only the first axis may be spread out, as records that alternate with those of other variables are.
 */
record ByteLayout(long begin, long[] extents, long[] strides, int elementBytes) {
    /** An array without gaps. */
    static ByteLayout contiguous(long begin, long[] extents, int elementBytes) {
        long[] strides = new long[extents.length];
        long stride = elementBytes;
        for (int axis = extents.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride = Math.multiplyExact(stride, extents[axis]);
        }
        return new ByteLayout(begin, extents, strides, elementBytes);
    }

    /** The same with other bytes from step to step of the first axis. */
    ByteLayout withStepStride(long stride) {
        long[] spread = strides.clone();
        spread[0] = stride;
        return new ByteLayout(begin, extents, spread, elementBytes);
    }

    /** What is done with a contiguous piece. */
    interface RunAction {
        void accept(long offset, int length) throws IOException;
    }

    /** Calls the action on the contiguous pieces of a box, in row-major order; each as long as possible. */
    void forEachRun(long[] start, long[] count, RunAction action) throws IOException {
        if (Arrays.stream(count).anyMatch(n -> n == 0)) {
            return;
        }
        int axis = extents.length;
        long whole = elementBytes;
        long run = elementBytes;
        while (axis > 0 && run == whole && strides[axis - 1] == whole) {
            axis--;
            run *= count[axis];
            whole *= extents[axis];
        }
        long offset = begin;
        for (int inner = axis; inner < extents.length; inner++) {
            offset += start[inner] * strides[inner];
        }
        visit(0, axis, offset, Math.toIntExact(run), start, count, action);
    }

    private void visit(int axis, int runAxis, long offset, int run, long[] start, long[] count, RunAction action)
            throws IOException {
        if (axis == runAxis) {
            action.accept(offset, run);
            return;
        }
        for (long i = start[axis]; i < start[axis] + count[axis]; i++) {
            visit(axis + 1, runAxis, offset + i * strides[axis], run, start, count, action);
        }
    }
}
