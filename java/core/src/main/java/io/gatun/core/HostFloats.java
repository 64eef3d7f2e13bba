// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Converts tensors in host memory to floats. */
final class HostFloats {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private HostFloats() {}

    static float[] of(TensorData data) {
        if (data.shape().numElements() > Integer.MAX_VALUE - 8) {
            throw new ShapeException("a tensor of shape " + data.shape()
                    + " has more elements than a Java array holds");
        }
        float[] values = new float[(int) data.shape().numElements()];
        MemorySegment bytes = data.bytes();
        if (data.dtype() == DType.F32) {
            MemorySegment.copy(bytes, F32, 0, values, 0, values.length);
            return values;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = element(bytes, data.dtype(), i);
        }
        return values;
    }

    private static float element(MemorySegment bytes, DType dtype, int index) {
        long at = (long) index * dtype.sizeBytes();
        return switch (dtype) {
            case F32 -> bytes.get(F32, at);
            case F64 -> (float) bytes.get(F64, at);
            case F16 -> Float.float16ToFloat(bytes.get(I16, at));
            case BF16 -> BFloat16.toFloat(bytes.get(I16, at));
            case I64 -> bytes.get(I64, at);
            case I32 -> bytes.get(I32, at);
            case I16 -> bytes.get(I16, at);
            case I8 -> bytes.get(ValueLayout.JAVA_BYTE, at);
            case U8 -> bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff;
            case BOOL -> bytes.get(ValueLayout.JAVA_BYTE, at) != 0 ? 1 : 0;
        };
    }
}
