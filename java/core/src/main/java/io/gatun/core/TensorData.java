// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A dense, row-major tensor in host memory, as a checkpoint file holds it: element type, shape and little-endian bytes.
 *
 * @param dtype element type
 * @param shape extents
 * @param bytes exactly {@code shape.numElements() * dtype.sizeBytes()} bytes, no alignment promised
 */
public record TensorData(DType dtype, Shape shape, MemorySegment bytes) {
    /**
     * Checks that the bytes fit the shape.
     *
     * @throws ShapeException if the number of bytes is not that of the shape
     */
    public TensorData {
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
        long wanted = Math.multiplyExact(shape.numElements(), dtype.sizeBytes());
        if (bytes.byteSize() != wanted) {
            throw new ShapeException("a " + dtype.torchName() + " tensor of shape " + shape + " has " + wanted
                    + " bytes, got " + bytes.byteSize());
        }
        bytes = bytes.asReadOnly();
    }
}
