// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

/**
 * Steps {@code start} to {@code start + count} of a chunked array's first axis: which chunks they touch, and where the
 * rows of each chunk go. Chunks at the far edges may reach past the array.
 */
record ChunkSlab(long[] extents, int[] chunk, int elementBytes, long start, long count) {
    /** Offset of the first chunk, in elements per axis. */
    int[] first() {
        int[] offset = new int[chunk.length];
        offset[0] = Math.toIntExact(start / chunk[0] * chunk[0]);
        return offset;
    }

    /** Offset of the chunk after this one, the last axis fastest; empty after the last. */
    int[] next(int[] offset) {
        int[] next = offset.clone();
        for (int axis = chunk.length - 1; axis >= 0; axis--) {
            long end = axis == 0 ? start + count : extents[axis];
            if ((long) next[axis] + chunk[axis] < end) {
                next[axis] += chunk[axis];
                return next;
            }
            next[axis] = 0;
        }
        return new int[0];
    }

    /** Copies what one chunk holds of the slab. */
    void copy(byte[] data, int[] offset, byte[] target) {
        copy(data, offset, target, 0, 0, 0);
    }

    private void copy(byte[] data, int[] offset, byte[] target, int axis, long from, long to) {
        long begin = axis == 0 ? start : 0;
        long end = axis == 0 ? start + count : extents[axis];
        long low = Math.max(offset[axis], begin);
        long high = Math.min((long) offset[axis] + chunk[axis], end);
        if (high <= low) {
            return;
        }
        long sourceRow = from * chunk[axis] + (low - offset[axis]);
        long targetRow = to * (end - begin) + (low - begin);
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
