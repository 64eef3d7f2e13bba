// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Refuses weights of a training that diverged: one NaN makes every map NaN. */
final class FiniteWeights {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private FiniteWeights() {}

    static void require(Checkpoint checkpoint) {
        checkpoint.tensors().forEach((name, tensor) -> {
            long count = 0;
            for (long i = 0; i < tensor.shape().numElements(); i++) {
                count += isFinite(tensor, i) ? 0 : 1;
            }
            if (count > 0) {
                throw new CheckpointException(checkpoint.source() + ": " + count + " of the "
                        + tensor.shape().numElements() + " values of " + name + " are NaN or infinite. Expected"
                        + " numbers; the training diverged, or the file is damaged. Use an earlier checkpoint.");
            }
        });
    }

    /** By the bits of the exponent, which are all set in NaN and infinity. */
    private static boolean isFinite(TensorData tensor, long index) {
        MemorySegment bytes = tensor.bytes();
        long at = index * tensor.dtype().sizeBytes();
        return switch (tensor.dtype()) {
            case F64 -> (bytes.get(LONG, at) & 0x7ff0000000000000L) != 0x7ff0000000000000L;
            case F32 -> (bytes.get(INT, at) & 0x7f800000) != 0x7f800000;
            case BF16 -> (bytes.get(SHORT, at) & 0x7f80) != 0x7f80;
            case F16 -> (bytes.get(SHORT, at) & 0x7c00) != 0x7c00;
            case I64, I32, I16, I8, U8, BOOL -> true;
        };
    }
}
