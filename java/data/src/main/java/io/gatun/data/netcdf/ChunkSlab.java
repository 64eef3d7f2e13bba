// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

/**
 * A box of a chunked array, {@code count} indices from {@code start} on each axis: which chunks it touches, and where
 * the rows of each chunk go. Chunks at the far edges may reach past the array.
 */
record ChunkSlab(int[] chunk, int elementBytes, long[] start, long[] count) {
    /** Offset of the first chunk, in elements per axis. */
    int[] first() {
        int[] offset = new int[chunk.length];
        for (int axis = 0; axis < offset.length; axis++) {
            offset[axis] = first(axis);
        }
        return offset;
    }

    private int first(int axis) {
        return Math.toIntExact(start[axis] / chunk[axis] * chunk[axis]);
    }

    /** Offset of the chunk after this one, the last axis fastest; empty after the last. */
    int[] next(int[] offset) {
        int[] next = offset.clone();
        for (int axis = chunk.length - 1; axis >= 0; axis--) {
            if ((long) next[axis] + chunk[axis] < start[axis] + count[axis]) {
                next[axis] += chunk[axis];
                return next;
            }
            next[axis] = first(axis);
        }
        return new int[0];
    }

    /** Copies what one chunk holds of the box. */
    void copy(byte[] data, int[] offset, byte[] target) {
        copy(data, offset, target, 0, 0, 0);
    }

    private void copy(byte[] data, int[] offset, byte[] target, int axis, long from, long to) {
        long low = Math.max(offset[axis], start[axis]);
        long high = Math.min((long) offset[axis] + chunk[axis], start[axis] + count[axis]);
        long sourceRow = from * chunk[axis] + (low - offset[axis]);
        long targetRow = to * count[axis] + (low - start[axis]);
        if (axis == chunk.length - 1) {
            System.arraycopy(data, Math.toIntExact(sourceRow * elementBytes), target,
                    Math.toIntExact(targetRow * elementBytes), Math.toIntExact((high - low) * elementBytes));
            return;
        }
        for (long row = 0; row < high - low; row++) {
            copy(data, offset, target, axis + 1, sourceRow + row, targetRow + row);
        }
    }
}
