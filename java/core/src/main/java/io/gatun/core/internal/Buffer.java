// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.NativeMemory;
import io.gatun.bindings.ffi.GatunH;
import io.gatun.bindings.ffi.gatun_tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/** A native {@code gatun_buffer}: memory of the device's allocator, or memory that an arena handed over. */
public final class Buffer extends Resource {
    private static final long ARENA_RETRY_NANOS = 100_000;

    private final long bytes;
    private final Optional<Arena> wrapped;
    private volatile boolean arenaClosed;
    private Arena segmentArena;
    private MemorySegment segment;

    Buffer(DeviceHandle device, ScopeHandle owner, MemorySegment address, long bytes) {
        super(device, owner, address);
        this.bytes = bytes;
        this.wrapped = Optional.empty();
    }

    private Buffer(DeviceHandle device, MemorySegment address, MemorySegment memory, Arena arena) {
        super(device, null, address);
        this.bytes = memory.byteSize();
        this.wrapped = Optional.of(arena);
    }

    /** A buffer over memory of an arena, which is closed with the buffer; see {@code Tensor.wrap}. */
    public static Buffer wrap(DeviceHandle device, MemorySegment memory, Arena arena) {
        return device.onService(stream -> {
            stream.check(GatunH.gatun_buffer_wrap(
                    device.address(), memory, memory.byteSize(), stream.slot(), stream.error()));
            Buffer buffer = new Buffer(device, stream.slotValue(), memory, arena);
            try {
                // Weak: an automatic arena must stay collectable, and its list of actions is not.
                WeakReference<Buffer> self = new WeakReference<>(buffer);
                NativeMemory.onClose(memory, arena,
                        () -> Optional.ofNullable(self.get()).ifPresent(Buffer::arenaIsClosing));
            } catch (RuntimeException e) {
                buffer.arenaClosed = true;
                buffer.close();
                throw e;
            }
            return buffer;
        });
    }

    /** A buffer over memory that is never freed. */
    public static Buffer wrapForever(DeviceHandle device, MemorySegment memory) {
        return device.onService(stream -> {
            stream.check(GatunH.gatun_buffer_wrap(
                    device.address(), memory, memory.byteSize(), stream.slot(), stream.error()));
            return new Buffer(device, null, stream.slotValue(), memory.byteSize());
        });
    }

    /**
     * Copies a view of this buffer, whose work is waited for, to host memory, densely and converted.
     *
     * @param view the {@code gatun_tensor} of the view
     * @param plain where the view is dense and of the wanted type: its byte offset; else -1
     * @param dense a {@code gatun_tensor} of the view's shape, dense and of the wanted type, without a buffer
     * @param target as many bytes as {@code dense} describes
     */
    public void copyOut(MemorySegment view, long plain, MemorySegment dense, MemorySegment target) {
        whenFinished(stream -> {
            if (plain >= 0) {
                stream.copyOut(address(), plain, target);
                return null;
            }
            MemorySegment temporary = stream.allocate(target.byteSize());
            try {
                gatun_tensor.buffer(dense, temporary);
                stream.check(GatunH.gatun_copy(stream.address(), view, dense, stream.error()));
                stream.copyOut(temporary, 0, target);
            } finally {
                stream.check(GatunH.gatun_buffer_free(temporary, stream.address(), stream.error()));
            }
            return null;
        });
    }

    /** Runs a read when nothing queued writes this buffer, on a stream that may read it. */
    private <T> T whenFinished(Function<StreamHandle, T> read) {
        ScopeHandle home = owner();
        Function<StreamHandle, T> checked = stream -> {
            requireOpen();
            return read.apply(stream);
        };
        return home != null ? home.afterQueued(checked) : device().onService(checked);
    }

    @Override
    String kind() {
        return "A tensor";
    }

    @Override
    int freeOn(MemorySegment stream, MemorySegment error) {
        return GatunH.gatun_buffer_free(address(), stream, error);
    }

    /** The memory as a segment that ends before the buffer is freed; waits for queued work. CPU only. */
    public MemorySegment segment() {
        return whenFinished(this::segment);
    }

    private synchronized MemorySegment segment(StreamHandle stream) {
        requireOpen();
        if (segmentArena == null) {
            stream.check(GatunH.gatun_buffer_data(address(), stream.slot(), stream.error()));
            segmentArena = Arena.ofShared();
            segment = NativeMemory.view(stream.slotValue(), bytes, segmentArena);
        }
        return segment;
    }

    @Override
    void beforeFree() {
        Arena arena;
        synchronized (this) {
            arena = segmentArena;
        }
        if (arena != null) {
            closeWaiting(arena);
        }
    }

    @Override
    void afterFree() {
        if (wrapped.isPresent() && !arenaClosed) {
            closeWaiting(wrapped.get());
        }
    }

    /** A segment that is in the middle of a transfer keeps its arena from closing: waits for it. */
    private static void closeWaiting(Arena arena) {
        while (arena.scope().isAlive()) {
            try {
                arena.close();
            } catch (IllegalStateException _) {
                LockSupport.parkNanos(ARENA_RETRY_NANOS);
            } catch (UnsupportedOperationException _) {
                return; // an automatic arena, which ends by itself
            }
        }
    }

    /** Somebody closes the arena of a wrapped buffer: nothing may still read the memory when this returns. */
    private void arenaIsClosing() {
        arenaClosed = true;
        close();
        pins().forEach(ScopeHandle::finishForOthers);
        // Whoever reads it through the service stream, or frees it, has that stream's lock.
        device().onService(_ -> null);
    }
}
