// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.DType;
import io.gatun.core.Shape;

/** A tensor as the pickle describes it: a strided view of a storage, offset and strides in elements. */
record StoredTensor(Storage storage, long offset, Shape shape, long[] strides) {
    /** A flat array of the file, known by its key; at most {@code Long.MAX_VALUE / 8} elements. */
    record Storage(String key, DType dtype, long numElements) {
        long sizeBytes() {
            return numElements * dtype.sizeBytes();
        }
    }

    /** The part of a storage that a tensor may use: all of it, or less in old files. */
    record StorageView(Storage storage, long start, long numElements) {
    }

    /** An element type of the pickle, such as {@code torch.FloatStorage}. */
    record StorageType(DType dtype) {
    }

    /** Position of the last element in the storage, or {@code offset - 1} of an empty tensor. */
    long lastElement() {
        if (shape.numElements() == 0) {
            return offset - 1;
        }
        long last = offset;
        for (int axis = 0; axis < strides.length; axis++) {
            last = Math.addExact(last, Math.multiplyExact(shape.dim(axis) - 1, strides[axis]));
        }
        return last;
    }

    /** Whether the elements lie one after the other in row-major order. */
    boolean isContiguous() {
        long expected = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            long extent = shape.dim(axis);
            if (extent != 1 && strides[axis] != expected) {
                return shape.numElements() == 0;
            }
            expected *= extent;
        }
        return true;
    }
}
