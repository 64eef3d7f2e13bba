// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.gatun.bindings.ffi.GatunH;
import io.gatun.bindings.ffi.gatun_error;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/** A native stream with what each call on it needs: an error struct and a place for an out-pointer. */
public final class StreamHandle {
    private static final long STAGING_BYTES = 1 << 18;

    private final ReentrantLock lock = new ReentrantLock();
    private final MemorySegment error;
    private final MemorySegment slot;
    private final MemorySegment address;

    /** The arena is an automatic one: its structs must outlive every call. */
    StreamHandle(MemorySegment device, Arena arena) {
        this.error = gatun_error.allocate(arena);
        this.slot = arena.allocate(ADDRESS);
        check(GatunH.gatun_stream_create(device, slot, error));
        this.address = slot.get(ADDRESS, 0);
    }

    /** Whoever calls a method below, or passes {@link #address()} to native code, holds this lock. */
    ReentrantLock lock() {
        return lock;
    }

    MemorySegment address() {
        return address;
    }

    MemorySegment error() {
        return error;
    }

    void check(int status) {
        Status.check(status, error);
    }

    /** The pointer that the last call with {@link #slot()} stored. */
    MemorySegment slotValue() {
        return slot.get(ADDRESS, 0);
    }

    MemorySegment slot() {
        return slot;
    }

    MemorySegment allocate(long bytes) {
        AllocationEvent event = new AllocationEvent();
        event.begin();
        check(GatunH.gatun_buffer_alloc(address, bytes, slot, error));
        event.bytes = bytes;
        event.commit();
        return slotValue();
    }

    MemorySegment createEvent(MemorySegment device) {
        check(GatunH.gatun_event_create(device, slot, error));
        return slotValue();
    }

    void sync() {
        check(GatunH.gatun_sync(address, error));
    }

    void destroy() {
        check(GatunH.gatun_stream_destroy(address, error));
    }

    /** Copies host memory of any kind into a buffer, through memory of ours. */
    void copyIn(MemorySegment source, MemorySegment buffer, long offset) {
        if (source.byteSize() == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment staging = arena.allocate(Math.min(STAGING_BYTES, source.byteSize()), 64);
            for (long at = 0; at < source.byteSize(); at += staging.byteSize()) {
                long count = Math.min(staging.byteSize(), source.byteSize() - at);
                MemorySegment.copy(source, JAVA_BYTE, at, staging, JAVA_BYTE, 0, count);
                check(GatunH.gatun_copy_from_host(address, buffer, offset + at, staging, count, error));
            }
        }
    }

    /** Waits for the queued work, then copies from a buffer into host memory of any kind. */
    void copyOut(MemorySegment buffer, long offset, MemorySegment target) {
        if (target.byteSize() == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment staging = arena.allocate(Math.min(STAGING_BYTES, target.byteSize()), 64);
            for (long at = 0; at < target.byteSize(); at += staging.byteSize()) {
                long count = Math.min(staging.byteSize(), target.byteSize() - at);
                check(GatunH.gatun_copy_to_host(address, staging, buffer, offset + at, count, error));
                MemorySegment.copy(staging, JAVA_BYTE, 0, target, JAVA_BYTE, at, count);
            }
        }
    }
}
