// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.ffi.gatun_tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Hands out memory for {@code gatun_tensor} structs. Chunks belong to the garbage collector, because a struct must
 * outlive every call that has its address, whoever closes the tensor meanwhile.
 */
final class StructSlab {
    private static final int STRUCTS_PER_CHUNK = 64;

    private MemorySegment chunk = MemorySegment.NULL;
    private int used = STRUCTS_PER_CHUNK;

    synchronized MemorySegment next() {
        if (used == STRUCTS_PER_CHUNK) {
            chunk = gatun_tensor.allocateArray(STRUCTS_PER_CHUNK, Arena.ofAuto());
            used = 0;
        }
        return chunk.asSlice(gatun_tensor.sizeof() * used++, gatun_tensor.sizeof());
    }
}
