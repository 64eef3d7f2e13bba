// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The two uses of {@link MemorySegment#reinterpret}, which only a module with native access may call. */
public final class NativeMemory {
    private NativeMemory() {}

    /**
     * Memory that the library allocated, as a segment whose lifetime is that of an arena.
     *
     * @param address where it starts
     * @param sizeBytes how much of it there is
     * @param arena the caller closes it before the library takes the memory back
     * @return the segment
     */
    public static MemorySegment view(MemorySegment address, long sizeBytes, Arena arena) {
        return address.reinterpret(sizeBytes, arena, null);
    }

    /**
     * Has an action run when an arena is closed, before the memory allocated from it so far is freed.
     *
     * @param memory a segment of the arena
     * @param arena the arena
     * @param action what to run, on the thread that closes the arena
     */
    public static void onClose(MemorySegment memory, Arena arena, Runnable action) {
        memory.reinterpret(arena, _ -> action.run());
    }
}
