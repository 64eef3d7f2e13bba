// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.internal.HashedFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns tensors as the pickle describes them into dense row-major ones. Each storage is read once; contiguous tensors
 * share its memory, others are copied.
 */
final class TensorMaterializer {
    private final String source;
    private final Function<StoredTensor.Storage, MemorySegment> reader;
    private final MemoryBudget budget;
    private final Map<String, MemorySegment> storages = new HashMap<>();

    TensorMaterializer(String source, Function<StoredTensor.Storage, MemorySegment> reader, MemoryBudget budget) {
        this.source = source;
        this.reader = reader;
        this.budget = budget;
    }

    /** The dense tensors, in the same order. */
    Map<String, TensorData> materialize(Map<String, StoredTensor> stored) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        stored.forEach((name, tensor) -> tensors.put(name, materialize(tensor)));
        return tensors;
    }

    private TensorData materialize(StoredTensor tensor) {
        MemorySegment storage = storages.computeIfAbsent(
                tensor.storage().key(), _ -> reader.apply(tensor.storage()));
        Shape shape = tensor.shape();
        int elementBytes = tensor.storage().dtype().sizeBytes();
        long bytes = Math.multiplyExact(shape.numElements(), elementBytes);
        if (bytes == 0) {
            return new TensorData(tensor.storage().dtype(), shape, MemorySegment.ofArray(new byte[0]));
        }
        if (tensor.isContiguous()) {
            MemorySegment view = storage.asSlice(tensor.offset() * elementBytes, bytes);
            return new TensorData(tensor.storage().dtype(), shape, view);
        }
        budget.charge(bytes);
        MemorySegment target = HashedFile.allocate(source, bytes);
        copy(storage, tensor, elementBytes, target);
        return new TensorData(tensor.storage().dtype(), shape, target);
    }

    /** Walks the rows (all axes but the last) like an odometer. */
    private static void copy(MemorySegment storage, StoredTensor tensor, int elementBytes, MemorySegment target) {
        long[] extents = tensor.shape().toArray();
        long[] strides = tensor.strides();
        int last = extents.length - 1;
        long[] index = new long[extents.length];
        long from = tensor.offset();
        long to = 0;
        while (to < tensor.shape().numElements()) {
            copyRow(storage, from, strides[last], target, to, extents[last], elementBytes);
            to += extents[last];
            for (int axis = last - 1; axis >= 0; axis--) {
                from += strides[axis];
                if (++index[axis] < extents[axis]) {
                    break;
                }
                from -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }

    private static void copyRow(MemorySegment storage, long from, long stride, MemorySegment target, long to,
            long count, int elementBytes) {
        if (stride == 1) {
            MemorySegment.copy(storage, from * elementBytes, target, to * elementBytes, count * elementBytes);
            return;
        }
        for (long i = 0; i < count; i++) {
            long source = (from + i * stride) * elementBytes;
            long destination = (to + i) * elementBytes;
            switch (elementBytes) {
                case 1 -> target.set(ValueLayout.JAVA_BYTE, destination, storage.get(ValueLayout.JAVA_BYTE, source));
                case 2 -> target.set(ValueLayout.JAVA_SHORT, destination, storage.get(ValueLayout.JAVA_SHORT, source));
                case 4 -> target.set(ValueLayout.JAVA_INT, destination, storage.get(ValueLayout.JAVA_INT, source));
                default -> target.set(ValueLayout.JAVA_LONG, destination, storage.get(ValueLayout.JAVA_LONG, source));
            }
        }
    }
}
